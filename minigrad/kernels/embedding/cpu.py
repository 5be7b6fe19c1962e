"""The sum of gradients by row on a CPU: one after the other, so that the order, and the bits, are always the same."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled


def scatter_add(grad: Array, rows: Array, n_rows: int) -> Array:
    """table[rows[i]] += grad[i] for every i."""
    table = np.zeros((n_rows, grad.shape[1]), grad.dtype)
    _scatter_add(np.ascontiguousarray(grad), rows.astype(np.int64, copy=False), table)
    return table


@compiled(nogil=True, error_model="numpy")
def _scatter_add(grad, rows, table):  # type: ignore[no-untyped-def]
    n_rows = len(table)
    for i in range(rows.size):
        row = rows[i]
        if row < 0 or row >= n_rows:
            raise ValueError("rows must lie in [0, n_rows)")
        source, target = grad[i], table[row]
        for j in range(source.size):
            target[j] += source[j]
