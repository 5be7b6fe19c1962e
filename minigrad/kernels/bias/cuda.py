"""A bias on a GPU: one pass over the matrix to add it; for its gradient a pass and a short second one, see cuda.cu."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, address, blocks_of_packs, c_type, contiguous

SOURCE = CudaSource(__file__)
KERNELS = tuple(
    f"{kernel}<{real}, {pack}>"
    for kernel in ("add_bias", "sum_of_rows")
    for real, pack in (("float", 1), ("float", 4), ("double", 1), ("double", 2))
)
THREADS, MAX_BLOCKS = 256, 8192
"""To add: of a block; and of a grid: enough to fill any GPU several times over. Where there is more, threads loop."""

COLUMNS, MAX_ROWS = 32, 32
"""To sum: the threads of a block, as in cuda.cu."""

MAX_SUMS = 256
"""The rows of sums that a first pass leaves for a second. If there are no more rows than that, one pass does."""

ROWS, SUM_BLOCKS = 8, 1024
"""Of the first pass: rows of a block's threads; and blocks, enough to fill any GPU. The numbers are the same for every
GPU, so that the bits of the sums are."""


def add_bias(x: Array, bias: Array) -> None:
    """x[i] += bias, in place.

    Raises:
        ValueError: if x is not a matrix in C order, or bias has not the width of its rows.
    """
    if x.ndim != 2 or not x.flags.c_contiguous:
        raise ValueError(f"x must be a C-contiguous matrix (N, D), got shape {x.shape} with strides {x.strides}")
    if bias.shape != x.shape[1:]:
        raise ValueError(f"bias must have the shape of a row of x, {x.shape[1:]}; got {bias.shape}")
    bias = contiguous(bias)
    pack = _pack(x, bias)
    SOURCE.launch(
        f"add_bias<{c_type(x, bias)}, {pack}>",
        blocks_of_packs(x, THREADS, MAX_BLOCKS),
        THREADS,
        x,
        bias,
        np.int64(x.size // pack),
        np.int64(x.shape[1] // pack),
    )


def sum_of_rows(grad: Array) -> Array:
    """Σ_i grad[i].

    Raises:
        ValueError: if grad is not a matrix.
    """
    if grad.ndim != 2:
        raise ValueError(f"grad must be a matrix (N, D), got shape {grad.shape}")
    if grad.size == 0:
        return np.zeros_like(grad, shape=grad.shape[1])
    rows = contiguous(grad)
    if len(rows) > MAX_SUMS:
        rows = _sums(rows, MAX_SUMS, ROWS)
    return _sums(rows, 1, MAX_ROWS)[0]


def _sums(rows: Array, most: int, at_once: int) -> Array:
    """(N, D) → (at most so many, D): each the sum of some of the rows, by blocks that take so many rows at once."""
    pack = _pack(rows)
    stripes = -(-rows.shape[1] // (COLUMNS * pack))  # blocks side by side
    n_sums = max(1, min(most, SUM_BLOCKS // stripes))
    sums = np.empty_like(rows, shape=(n_sums, rows.shape[1]))
    SOURCE.launch(
        f"sum_of_rows<{c_type(rows)}, {pack}>",
        (stripes, n_sums),
        (COLUMNS, at_once),
        rows,
        sums,
        np.int64(len(rows)),
        np.int64(rows.shape[1] // pack),
    )
    return sums


def _pack(matrix: Array, *others: Array) -> int:
    """How many elements a thread may load at once: 16 bytes of them, if all rows start at a multiple of that."""
    pack = 16 // matrix.itemsize
    return pack if matrix.shape[1] % pack == 0 and all(address(x) % 16 == 0 for x in (matrix, *others)) else 1
