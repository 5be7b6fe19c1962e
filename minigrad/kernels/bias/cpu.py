"""A bias on a CPU: as fast as memory, where NumPy's `x += bias` sets out anew for each row.

At the widths of small models, 64 to 512, that is less than half of NumPy's time.
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled


def add_bias(x: Array, bias: Array) -> None:
    """x[i] += bias."""
    _add_bias(x, np.ascontiguousarray(bias))


def sum_of_rows(grad: Array) -> Array:
    """Σ_i grad[i]."""
    total = np.zeros(grad.shape[1], grad.dtype)
    _sum_of_rows(np.ascontiguousarray(grad), total)
    return total


@compiled(nogil=True, error_model="numpy")
def _add_bias(x, bias):  # type: ignore[no-untyped-def]
    n_rows, width = x.shape
    for i in range(n_rows):
        row = x[i]
        for j in range(width):
            row[j] += bias[j]


@compiled(nogil=True, error_model="numpy")
def _sum_of_rows(grad, total):  # type: ignore[no-untyped-def]
    n_rows, width = grad.shape
    for i in range(0, n_rows - 3, 4):  # four rows for each time that the sum is read and written
        row0, row1, row2, row3 = grad[i], grad[i + 1], grad[i + 2], grad[i + 3]
        for j in range(width):
            total[j] += (row0[j] + row1[j]) + (row2[j] + row3[j])
    for i in range(n_rows - n_rows % 4, n_rows):
        row0 = grad[i]
        for j in range(width):
            total[j] += row0[j]
