"""The specification of the sum of squares."""

from minigrad.array_type import Array


def sum_of_squares(x: Array) -> float:
    """Σ x², added up in float64."""
    return float((x * x).sum(dtype="float64"))
