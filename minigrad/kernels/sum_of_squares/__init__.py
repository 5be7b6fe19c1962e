"""The sum of the squares of an array, of which gradient clipping takes the root: any shape, any strides."""

from minigrad.array_type import Array
from minigrad.kernels import wants_cuda, wants_reference


def sum_of_squares(x: Array) -> float:
    """Σ x². NaN and infinity come through."""
    if wants_reference(x) or wants_cuda(x):
        from minigrad.kernels.sum_of_squares import reference

        return reference.sum_of_squares(x)
    from minigrad.kernels.sum_of_squares import cpu

    return cpu.sum_of_squares(x)
