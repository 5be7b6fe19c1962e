"""The specification of the sum of gradients by row."""

import numpy as np

from minigrad.array_type import Array


def scatter_add(grad: Array, rows: Array, n_rows: int) -> Array:
    """table[rows[i]] += grad[i] for every i, also where a row occurs several times."""
    table = np.zeros_like(grad, shape=(n_rows, grad.shape[1]))
    np.add.at(table, rows, grad)
    return table
