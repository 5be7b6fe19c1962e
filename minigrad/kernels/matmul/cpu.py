"""The matrix product on a CPU: the machine's BLAS, and a tiled one of our own to read.

BLAS is the product of decades of tuning for one processor after another, and NumPy brings one.
`tiled_matmul` has the same idea in thirty lines: a value that was loaded into a register or the
cache should be used many times before it is evicted.

`matmul` always takes BLAS: on one core of an AMD EPYC, float32, the tiled kernel took 3 to 9 times as
long at the shapes of the experiments' models (from (1024, 64) · (64, 64) to (4096, 256) · (256, 1024)).
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled

ROWS, DEPTH = 4, 64
"""The tile: four rows of C at a time, over 64 values of k, whose rows of B stay in the cache."""


def matmul(a: Array, b: Array) -> Array:
    """C[..., i, j] = Σ_k A[..., i, k] B[..., k, j], by the BLAS that NumPy was built with."""
    return np.matmul(a, b)


def tiled_matmul(a: Array, b: Array) -> Array:
    """The same for two matrices, (M, K) and (K, N), by our own kernel."""
    c = np.zeros((a.shape[0], b.shape[1]), dtype=np.result_type(a, b))
    _tiled_matmul(np.ascontiguousarray(a, c.dtype), np.ascontiguousarray(b, c.dtype), c)
    return c


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
                for j in range(n_columns):  # the inner loop is a vector of fused multiply-adds
                    value = row[j]  # loaded once, used four times
                    c0[j] += a0 * value
                    c1[j] += a1 * value
                    c2[j] += a2 * value
                    c3[j] += a3 * value
        for i in range(n_rows - n_rows % ROWS, n_rows):  # the rows that fill no tile
            for k in range(k_start, k_stop):
                for j in range(n_columns):
                    c[i, j] += a[i, k] * b[k, j]
