"""The sum of gradients by row on a GPU: positions are sorted by row, then each row is one block's, see cuda.cu."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type, contiguous

SOURCE = CudaSource(__file__)
KERNELS = ("scatter_add<float>", "scatter_add<double>")
THREADS = 128  # of a block, each for a column


def scatter_add(grad: Array, rows: Array, n_rows: int) -> Array:
    """table[rows[i]] += grad[i] for every i.

    Raises:
        ValueError: if rows is not one number for each gradient.
    """
    n, width = grad.shape
    if rows.shape != (n,):
        raise ValueError(f"rows must have the shape {(n,)}, a row for each gradient; got {rows.shape}")
    table = np.zeros_like(grad, shape=(n_rows, width), order="C")
    rows = rows.astype(np.int64, copy=False)
    order = np.argsort(rows, kind="stable")
    sorted_rows = rows[order]
    ends = np.searchsorted(sorted_rows, sorted_rows, side="right")
    SOURCE.launch(
        f"scatter_add<{c_type(grad)}>",
        (n, -(-width // THREADS)),
        THREADS,
        contiguous(grad),
        sorted_rows,
        order,
        ends,
        table,
        np.int64(n_rows),
        np.int64(width),
    )
    return table
