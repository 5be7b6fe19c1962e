"""The specification of the sum of squares."""

from collections.abc import Sequence

from minigrad.array_type import Array


def sum_of_squares(arrays: Sequence[Array]) -> float:
    """Σ x², added up in float64."""
    return sum(float((x * x).sum(dtype="float64")) for x in arrays)
