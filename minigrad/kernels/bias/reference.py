"""The specification of a bias."""

import numpy as np

from minigrad.array_type import Array


def add_bias(x: Array, bias: Array) -> None:
    """x[i] += bias."""
    x += bias


def sum_of_rows(grad: Array) -> Array:
    """Each number of the bias was added to a whole column, so its gradient is that column's sum.

    It is added up in float64: of a long column, NumPy's sum in float32 is right to two or three digits only.
    """
    return grad.sum(axis=0, dtype=np.float64).astype(grad.dtype)
