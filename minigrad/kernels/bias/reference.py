"""The specification of a bias."""

import numpy as np

from minigrad.array_type import Array


def add_bias(x: Array, bias: Array) -> None:
    """x[i] += bias."""
    x += bias  # (N, D) + (D,): NumPy broadcasts the bias to every row


def sum_of_rows(grad: Array) -> Array:
    """Each element of the bias was added to a whole column, so its gradient is the sum of that column."""
    # In float64: NumPy's float32 sum of a long column is right to two or three digits only.
    return grad.sum(axis=0, dtype=np.float64).astype(grad.dtype)  # (D,)
