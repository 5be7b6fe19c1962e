"""The sum of gradients by row on a GPU: positions are sorted by row, then a block adds up each row, see cuda.cu."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type, contiguous
from minigrad.kernels.indices import check_range

SOURCE = CudaSource(__file__)
KERNELS = ("scatter_add<float>", "scatter_add<double>")
THREADS = 128  # of a block, one for each column


def scatter_add(grad: Array, rows: Array, n_rows: int) -> Array:
    """table[rows[i]] += grad[i] for every i.

    Raises:
        ValueError: if rows is not one number for each gradient, or one on the CPU is outside of [0, n_rows).
    """
    n, width = grad.shape
    if rows.shape != (n,):
        raise ValueError(f"rows must have the shape {(n,)}, a row for each gradient; got {rows.shape}")
    check_range("rows", rows, n_rows)
    table = np.zeros_like(grad, shape=(n_rows, width), order="C")
    rows = rows.astype(np.int64, copy=False)
    order = np.argsort(rows, kind="stable")  # stable: the order of the sum, and so its bits, are always the same
    sorted_rows = rows[order]
    ends = np.searchsorted(sorted_rows, sorted_rows, side="right")
    grid, sizes = (n, -(-width // THREADS)), (np.int64(n_rows), np.int64(width))
    kernel = f"scatter_add<{c_type(grad)}>"
    SOURCE.launch(kernel, grid, THREADS, contiguous(grad), sorted_rows, order, ends, table, *sizes)
    return table
