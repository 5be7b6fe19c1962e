"""The sum of gradients by row on a CPU: one after the other, so that the order, and the bits, are always the same."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled


def scatter_add(grad: Array, rows: Array, n_rows: int) -> Array:
    """table[rows[i]] += grad[i] for every i."""
    table = np.zeros((n_rows, grad.shape[1]), grad.dtype)
    rows = rows.astype(np.int64, copy=False)
    if _n_outside(rows, n_rows):
        raise ValueError(f"rows must lie in [0, {n_rows}), got {rows.min()} to {rows.max()}")
    _scatter_add(np.ascontiguousarray(grad), rows, table)
    return table


@compiled(nogil=True, error_model="numpy")
def _scatter_add(grad, rows, table):  # type: ignore[no-untyped-def]
    for i in range(rows.size):
        source, target = grad[i], table[rows[i]]
        for j in range(source.size):
            target[j] += source[j]


@compiled(nogil=True)
def _n_outside(rows, n_rows):  # type: ignore[no-untyped-def]
    n = 0
    for i in range(rows.size):
        if rows[i] < 0 or rows[i] >= n_rows:
            n += 1
    return n
