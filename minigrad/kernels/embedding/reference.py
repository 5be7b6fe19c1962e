"""The specification of the sum of gradients by row."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.indices import check_range


def scatter_add(grad: Array, rows: Array, n_rows: int) -> Array:
    """table[rows[i]] += grad[i] for every i: an embedding copies a row, so its gradients add up over the copies."""
    check_range("rows", rows, n_rows)  # NumPy would count a negative index from the end
    table = np.zeros_like(grad, shape=(n_rows, grad.shape[1]))  # (n_rows, D)
    # table[rows] += grad would add one gradient only for a row that occurs several times.
    np.add.at(table, rows, grad)
    return table
