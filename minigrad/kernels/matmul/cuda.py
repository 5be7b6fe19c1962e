"""The matrix product on a GPU: cuBLAS, and two kernels of our own, in `cuda.cu`.

On a GPU, `matmul` is cuBLAS, through CuPy's `a @ b`, as long as the benchmark shows no shape at which one of ours is
faster. Our kernels multiply NumPy arrays, which come here under `minigrad.use_kernels("cuda_on_host")`:
`blocked_matmul` float32, `tiled_matmul` float64.

float32 is multiplied as float32. Since Ampere, GPUs can round the factors to 10 bits (TF32), which is several times as
fast. CuPy lets cuBLAS do so only if the environment variable CUPY_TF32 is 1 when the first product is computed, and
minigrad never sets it. If TF32 is exact enough, call `tensor_core_matmul(a, b, "tf32")`.
"""

from collections.abc import Iterator
from math import ceil, prod

import numpy as np
from numpy.typing import DTypeLike

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type

SOURCE = CudaSource(__file__)
KERNELS = (
    "tiled_matmul<float>",
    "tiled_matmul<double>",
    *(
        f"blocked_matmul<{a_along_k}, {b_along_k}>"
        for a_along_k in ("true", "false")
        for b_along_k in ("true", "false")
    ),
)
TILE, BLOCK, BLOCK_THREADS = 16, 128, 256
"""The same as in cuda.cu: the sides of the two kernels' tiles of C. `tiled_matmul` has a thread for each element."""


def matmul(a: Array, b: Array) -> Array:
    """C[..., i, j] = Σ_k A[..., i, k] B[..., k, j]: cuBLAS on a GPU, our own kernels on the host."""
    if not isinstance(a, np.ndarray):
        return a @ b
    return blocked_matmul(a, b) if a.dtype == b.dtype == np.float32 else tiled_matmul(a, b)


def tiled_matmul(a: Array, b: Array) -> Array:
    """The product by the kernel that is there to be read.

    Shapes: a (..., M, K), b (..., K, N) → (..., M, N), float32 or float64. Any strides; nothing is copied.

    Raises:
        TypeError: if the dtype is neither.
        ValueError: if the shapes do not fit.
    """
    check_shapes(a, b)
    a, b, c = operands(a, b)
    kernel = f"tiled_matmul<{c_type(c)}>"
    for x, y, out in batches(a, b, c):
        SOURCE.launch(
            kernel,
            n_tiles(out, TILE, TILE),
            (TILE, TILE),
            *arguments(x, y, out),
            *(np.int64(stride // array.itemsize) for array in (x, y) for stride in array.strides),
        )
    return c


def blocked_matmul(a: Array, b: Array) -> Array:
    """The product in float32 by the kernel that is meant to be fast.

    Shapes: a (..., M, K), b (..., K, N) → (..., M, N). A matrix whose rows are dense, or whose columns are (it is
    transposed), is read in place; others are copied.

    Raises:
        TypeError: if the dtype is not float32.
        ValueError: if the shapes do not fit.
    """
    if a.dtype != np.float32 or b.dtype != np.float32:
        raise TypeError(f"blocked_matmul is for float32, got {a.dtype} and {b.dtype}")
    check_shapes(a, b)
    a, b, c = operands(dense_lines(a), dense_lines(b))
    kernel = f"blocked_matmul<{cpp(lines_are_rows(a))}, {cpp(not lines_are_rows(b))}>"
    for x, y, out in batches(a, b, c):
        SOURCE.launch(
            kernel, n_tiles(out, BLOCK, BLOCK), BLOCK_THREADS, *arguments(x, y, out), *line_strides(x), *line_strides(y)
        )
    return c


def check_shapes(a: Array, b: Array) -> None:
    """Raise ValueError unless the two can be multiplied: (..., M, K) and (..., K, N)."""
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-2]:
        raise ValueError(f"matmul needs (..., M, K) and (..., K, N), got {a.shape} and {b.shape}")


def operands(a: Array, b: Array, dtype_of_c: DTypeLike | None = None) -> tuple[Array, Array, Array]:
    """a and b in one dtype, with leading axes broadcast, and an uninitialised C."""
    leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    dtype = np.promote_types(a.dtype, b.dtype)
    a, b = (x.astype(dtype, copy=any(stride % x.itemsize for stride in x.strides)) for x in (a, b))
    a, b = (np.broadcast_to(x, (*leading, *x.shape[-2:])) for x in (a, b))
    return a, b, np.empty_like(a, shape=(*leading, a.shape[-2], b.shape[-1]), dtype=dtype_of_c, order="C")


def batches(a: Array, b: Array, c: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Views of the operands with two leading axes, as a kernel takes them; more axes are split into several views."""
    if c.ndim > 4:
        for part in zip(a, b, c, strict=True):
            yield from batches(*part)
    else:
        missing = (None,) * (4 - c.ndim)
        yield a[missing], b[missing], c[missing]


def n_tiles(c: Array, rows: int, columns: int) -> int:
    """The number of tiles, of `rows` × `columns` each, in all matrices of C."""
    return prod(c.shape[:-2]) * ceil(c.shape[-2] / rows) * ceil(c.shape[-1] / columns)


def arguments(a: Array, b: Array, c: Array) -> tuple[Array | np.generic, ...]:
    """The first arguments of all kernels: A, B and C, then M, N, K, and the length of the inner leading axis."""
    sizes = (c.shape[-2], c.shape[-1], a.shape[-1], c.shape[1])
    return (beginning(a), beginning(b), c, *map(np.int32, sizes))


def beginning(array: Array) -> Array:
    """A view of the first element: it passes the address to a kernel, which is given the strides beside it."""
    return array[(slice(1),) * array.ndim]


def lines_are_rows(x: Array) -> bool:
    """Whether the rows of the matrices are dense: each element next to the one before."""
    return x.shape[-1] <= 1 or x.size == 0 or x.strides[-1] == x.itemsize


def dense_lines(x: Array) -> Array:
    """The array itself if the rows or the columns of its matrices are dense, else a copy with dense rows."""
    dense = x.ndim < 2 or lines_are_rows(x) or lines_are_rows(x.swapaxes(-1, -2))
    return x if dense else x.copy(order="C")


def line_strides(x: Array) -> tuple[np.int64, np.int64, np.int64]:
    """The strides, in elements: of the outer and the inner leading axis, and from one dense line to the next."""
    outer, inner, rows, columns = (np.int64(stride // x.itemsize) for stride in x.strides)
    return outer, inner, rows if lines_are_rows(x) else columns


def cpp(truth: bool) -> str:
    """A boolean as a template argument."""
    return "true" if truth else "false"
