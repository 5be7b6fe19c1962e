"""The matrix product on a CPU: NumPy's BLAS, and two kernels of our own.

BLAS libraries have been tuned for decades, for one processor after another. To be fast, BLAS first copies both matrices
into blocks, which pays if each number is used many times.

With few rows on the left, as when several texts are generated token by token, each weight is used a few times only.
Then the time is that of reading the weights from memory. `few_rows_matmul` reads them once and copies nothing. It
computes products of up to FEW_ROWS rows with the transpose of a C-contiguous matrix, which is the product of a linear
layer. On an AMD EPYC, at widths from 256 to 3072, it is 1.2 to 2.6 times as fast as BLAS on one core, and for two to
four rows still 1.3 times as fast as BLAS on two cores; for eight rows it is not. A single row is an exception: BLAS
does not copy the matrix then, and reads a large one with all its threads.

`tiled_matmul` is there to be read. It has the idea of BLAS in thirty lines: use a value many times while it is in a
register or in the cache. It takes 3 to 9 times as long as BLAS at the shapes of the experiments' models (from
(1024, 64) · (64, 64) to (4096, 256) · (256, 1024)).
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled

FEW_ROWS, LARGE = 4, 1 << 18
"""Our kernel is faster than BLAS up to FEW_ROWS rows; for a single row, only if B has at most LARGE elements."""

ROWS, DEPTH = 4, 64
"""The tile: four rows of C at a time, over 64 values of k. Those 64 rows of B stay in the cache."""


def matmul(a: Array, b: Array) -> Array:
    """C[..., i, j] = Σ_k A[..., i, k] B[..., k, j]: our kernel for few rows, else BLAS."""
    few_rows = a.ndim == 2 and b.ndim == 2 and len(a) <= FEW_ROWS and (len(a) > 1 or b.size <= LARGE)
    if few_rows and b.flags.f_contiguous and a.dtype == b.dtype and a.dtype in (np.float32, np.float64):
        return few_rows_matmul(a, b.T)
    return np.matmul(a, b)


def few_rows_matmul(a: Array, b: Array) -> Array:
    """A Bᵀ for A (M, K) and B (N, K) of one floating dtype. Each row of B is read once."""
    if a.shape[1:] != b.shape[1:]:
        raise ValueError(f"few_rows_matmul needs A (M, K) and B (N, K), got {a.shape} and {b.shape}")
    c = np.empty((len(a), len(b)), a.dtype)
    _few_rows_matmul(np.ascontiguousarray(a), np.ascontiguousarray(b), c)
    return c


def tiled_matmul(a: Array, b: Array) -> Array:
    """A B for two matrices (M, K) and (K, N), by the kernel that is there to be read."""
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"tiled_matmul needs (M, K) and (K, N), got {a.shape} and {b.shape}")
    c = np.zeros((a.shape[0], b.shape[1]), dtype=np.result_type(a, b))
    _tiled_matmul(np.ascontiguousarray(a, c.dtype), np.ascontiguousarray(b, c.dtype), c)
    return c


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _few_rows_matmul(a, b, c):  # type: ignore[no-untyped-def]
    n_rows, n_inner = a.shape
    zero = a.dtype.type(0)
    for j in range(len(b)):
        row = b[j]  # from memory into the cache, once
        for i in range(0, n_rows - 3, 4):
            a0, a1, a2, a3 = a[i], a[i + 1], a[i + 2], a[i + 3]
            c0, c1, c2, c3 = zero, zero, zero, zero
            for k in range(n_inner):
                value = row[k]  # loaded once, used four times
                c0 += a0[k] * value
                c1 += a1[k] * value
                c2 += a2[k] * value
                c3 += a3[k] * value
            c[i, j], c[i + 1, j], c[i + 2, j], c[i + 3, j] = c0, c1, c2, c3
        for i in range(n_rows - n_rows % 4, n_rows):
            a0, total = a[i], zero
            for k in range(n_inner):
                total += a0[k] * row[k]
            c[i, j] = total


@compiled(nogil=True, fastmath=True)
def _tiled_matmul(a, b, c):  # type: ignore[no-untyped-def]
    n_rows, n_inner = a.shape
    n_columns = b.shape[1]
    for k_start in range(0, n_inner, DEPTH):
        k_stop = min(k_start + DEPTH, n_inner)
        for i in range(0, n_rows - ROWS + 1, ROWS):
            c0, c1, c2, c3 = c[i], c[i + 1], c[i + 2], c[i + 3]
            for k in range(k_start, k_stop):
                a0, a1, a2, a3 = a[i, k], a[i + 1, k], a[i + 2, k], a[i + 3, k]
                row = b[k]
                for j in range(n_columns):  # the compiler makes vectors of fused multiply-adds of this loop
                    value = row[j]  # loaded once, used four times
                    c0[j] += a0 * value
                    c1[j] += a1 * value
                    c2[j] += a2 * value
                    c3[j] += a3 * value
        for i in range(n_rows - n_rows % ROWS, n_rows):  # the rows that fill no tile
            for k in range(k_start, k_stop):
                for j in range(n_columns):
                    c[i, j] += a[i, k] * b[k, j]
