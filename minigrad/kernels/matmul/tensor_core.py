"""The matrix product on a GPU's tensor cores, in `tensor_core.cu`: fast and inexact, for callers who ask for it.

The factors are rounded, and the products are summed in float32:

    "tf32"    10 bits after the point, the exponents of float32: a relative error of up to 2⁻¹¹ in each factor
    "bf16"    7 bits after the point, the exponents of float32: up to 2⁻⁸, and twice as fast

The kernel also runs on NumPy arrays, on the CPU. The four instructions that only a GPU has are then written out in C++;
everything else, such as which thread computes what from where, is the same code, and can be tested and stepped through.
"""

from math import ceil

import numpy as np

from minigrad.array_type import Array
from minigrad.errors import DeviceError
from minigrad.kernels.cuda_source import CudaSource, address, contiguous
from minigrad.kernels.matmul.cuda import (
    arguments,
    batches,
    check_shapes,
    cpp,
    dense_lines,
    line_strides,
    lines_are_rows,
    n_tiles,
    operands,
)

SOURCE = CudaSource(__file__)
KERNELS = (
    "round_to_bfloat16",
    *(
        f"tensor_core_matmul<{precision}, {a_along_k}, {b_along_k}>"
        for precision in ("TF32", "BF16")
        for a_along_k in ("true", "false")
        for b_along_k in ("true", "false")
    ),
)
ROWS, COLUMNS, THREADS = 128, 256, 256
"""The same as in tensor_core.cu: the tile of C of a block, and its threads."""

CHUNK = 16
"""The bytes that the kernel copies at once."""

MAX_BLOCKS = 8192
"""For rounding: blocks, enough to fill any GPU."""


def tensor_core_matmul(a: Array, b: Array, precision: str) -> Array:
    """C[..., i, j] = Σ_k A[..., i, k] B[..., k, j], with the factors rounded to `precision`, "tf32" or "bf16".

    Shapes: a (..., M, K), b (..., K, N) → (..., M, N), float32. a and b are float32, or bfloat16 already for "bf16".
    A matrix in the kernel's format is read in place if each of its rows, or each of its columns, is dense and begins
    and ends at a multiple of 16 bytes; else it is copied.

    Raises:
        ValueError: if precision is neither, or the shapes do not fit.
        TypeError: if the dtype does not fit the precision.
        DeviceError: if the GPU's compute capability is below 8.0.
    """
    if precision not in ("tf32", "bf16"):
        raise ValueError(f'precision must be "tf32" or "bf16", got {precision!r}')
    if not isinstance(a, np.ndarray) and int(has := a.device.compute_capability) < 80:
        raise DeviceError(f"tensor_core_matmul needs compute capability 8.0, this GPU has {has[:-1]}.{has[-1]}")
    check_shapes(a, b)
    a, b, c = operands(factor(a, precision), factor(b, precision), np.float32)
    kernel = f"tensor_core_matmul<{precision.upper()}, {cpp(lines_are_rows(a))}, {cpp(not lines_are_rows(b))}>"
    for x, y, out in batches(a, b, c):
        SOURCE.launch(
            kernel, n_tiles(out, ROWS, COLUMNS), THREADS, *arguments(x, y, out), *line_strides(x), *line_strides(y)
        )
    return c


def factor(x: Array, precision: str) -> Array:
    """An operand as the kernel takes it: float32 or the bits of bfloat16, in lines of whole chunks."""
    if precision == "bf16":
        return whole_chunks(x.view(np.uint16) if x.dtype.name == "bfloat16" else bfloat16_bits(x))
    if x.dtype != np.float32:
        raise TypeError(f"TF32 is a way to multiply float32, got {x.dtype}")
    return whole_chunks(x)


def bfloat16_bits(x: Array) -> Array:
    """The nearest bfloat16 to each float32, as 16 bits. A transposed matrix stays transposed."""
    if x.dtype != np.float32:
        raise TypeError(f'precision "bf16" is for float32 and bfloat16, got {x.dtype}')
    x = dense_lines(x)
    if not lines_are_rows(x):
        return bfloat16_bits(x.swapaxes(-1, -2)).swapaxes(-1, -2)
    x = contiguous(x)
    bits = np.empty_like(x, dtype=np.uint16)
    SOURCE.launch("round_to_bfloat16", min(ceil(x.size / 256), MAX_BLOCKS), 256, x, bits, np.int64(x.size))
    return bits


def whole_chunks(x: Array) -> Array:
    """The array itself if each line begins and ends at a multiple of 16 bytes, else a copy in padded lines."""
    x = dense_lines(x)
    if not lines_are_rows(x):
        return whole_chunks(x.swapaxes(-1, -2)).swapaxes(-1, -2)
    length, per_chunk = x.shape[-1], CHUNK // x.itemsize
    if address(x) % CHUNK == 0 and length % per_chunk == 0 and all(stride % CHUNK == 0 for stride in x.strides[:-1]):
        return x
    longer = np.zeros_like(x, shape=(*x.shape[:-1], ceil(length / per_chunk) * per_chunk), order="C")
    longer[..., :length] = x
    return longer[..., :length]
