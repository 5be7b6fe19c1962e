"""A bias on a GPU: one pass to add it; for its gradient one pass over the rows and a short second one, see cuda.cu."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type, contiguous, elements_per_load
from minigrad.kernels.elementwise import grid_for

SOURCE = CudaSource(__file__)
KERNELS = tuple(
    f"{kernel}<{real}, {pack}>"
    for kernel in ("add_bias", "sum_of_rows")
    for real, pack in (("float", 1), ("float", 4), ("double", 1), ("double", 2))
)

COLUMNS, MAX_ROWS = 32, 32
"""For sums: the threads of a block along x, and the most along y. The same as in cuda.cu."""

MAX_SUMS = 256
"""The most rows of sums that the first pass leaves for the second. A matrix with no more rows needs one pass only."""

ROWS, SUM_BLOCKS = 8, 1024
"""For the first pass: the threads of a block along y; and blocks, enough to fill any GPU. They do not depend on the
GPU, because the bits of the sums depend on them."""


def add_bias(x: Array, bias: Array) -> None:
    """x[i] += bias, in place.

    Raises:
        ValueError: if x is not a C-contiguous matrix, or bias has not the width of its rows.
    """
    if x.ndim != 2 or not x.flags.c_contiguous:
        raise ValueError(f"x must be a C-contiguous matrix (N, D), got shape {x.shape} with strides {x.strides}")
    if bias.shape != x.shape[1:]:
        raise ValueError(f"bias must have the shape of a row of x, {x.shape[1:]}; got {bias.shape}")
    bias = contiguous(bias)
    pack = elements_per_load(x, bias)
    kernel = f"add_bias<{c_type(x, bias)}, {pack}>"
    SOURCE.launch(kernel, *grid_for(x), x, bias, np.int64(x.size // pack), np.int64(x.shape[1] // pack))


def sum_of_rows(grad: Array) -> Array:
    """Σ_i grad[i].

    Raises:
        ValueError: if grad is not a matrix.
    """
    if grad.ndim != 2:
        raise ValueError(f"grad must be a matrix (N, D), got shape {grad.shape}")
    if grad.size == 0:
        return np.zeros_like(grad, shape=grad.shape[1])
    rows = contiguous(grad)  # (N, D)
    if len(rows) > MAX_SUMS:
        rows = _sums(rows, MAX_SUMS, ROWS)  # (MAX_SUMS or fewer, D)
    return _sums(rows, 1, MAX_ROWS)[0]


def _sums(rows: Array, most: int, at_once: int) -> Array:
    """(N, D) → (`most` or fewer, D): each is the sum of some of the rows, by a block that reads `at_once` at a time."""
    pack = elements_per_load(rows)
    stripes = -(-rows.shape[1] // (COLUMNS * pack))  # blocks side by side
    n_sums = max(1, min(most, SUM_BLOCKS // stripes))
    sums = np.empty_like(rows, shape=(n_sums, rows.shape[1]))
    kernel = f"sum_of_rows<{c_type(rows)}, {pack}>"
    sizes = np.int64(len(rows)), np.int64(rows.shape[1] // pack)
    SOURCE.launch(kernel, (stripes, n_sums), (COLUMNS, at_once), rows, sums, *sizes)
    return sums
