"""The sum of gradients by row on a CPU: one position after the other, so that the order and the bits never change."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled
from minigrad.kernels.indices_cpu import check_range


def scatter_add(grad: Array, rows: Array, n_rows: int) -> Array:
    """table[rows[i]] += grad[i] for every i."""
    table = np.zeros((n_rows, grad.shape[1]), grad.dtype)
    rows = check_range("rows", rows, n_rows)  # the loop would write anywhere in memory
    _scatter_add(np.ascontiguousarray(grad), rows, table)
    return table


@compiled(nogil=True, error_model="numpy")
def _scatter_add(grad, rows, table):  # type: ignore[no-untyped-def]
    for i in range(rows.size):
        source, target = grad[i], table[rows[i]]
        for j in range(source.size):
            target[j] += source[j]
