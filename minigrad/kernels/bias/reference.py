"""The specification of a bias."""

from minigrad.array_type import Array


def add_bias(x: Array, bias: Array) -> None:
    """x[i] += bias."""
    x += bias


def sum_of_rows(grad: Array) -> Array:
    """Each number of the bias was added to a whole column, so its gradient is that column's sum."""
    return grad.sum(axis=0)
