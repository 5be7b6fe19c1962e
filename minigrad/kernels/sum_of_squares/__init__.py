"""The sum of the squares in some arrays, of which gradient clipping takes the root: any shapes, any strides.

All arrays at once, since the sum is a number on the CPU: a GPU is then waited for once, and not for each array.
"""

from collections.abc import Sequence

from minigrad.array_type import Array
from minigrad.kernels import wants_cuda, wants_reference


def sum_of_squares(arrays: Sequence[Array]) -> float:
    """Σ x² over all elements of all arrays, which live on one device. NaN and infinity come through.

    The compiled kernels square float32 in float32: squares above 3e38 become infinity, and below 1e-38 lose digits.
    Whoever needs more divides by the largest element first, as gradient clipping does.
    """
    if not arrays:
        return 0.0
    if wants_reference(arrays[0]):
        from minigrad.kernels.sum_of_squares import reference

        return reference.sum_of_squares(arrays)
    if wants_cuda(arrays[0]):
        from minigrad.kernels.sum_of_squares import cuda

        return cuda.sum_of_squares(arrays)
    from minigrad.kernels.sum_of_squares import cpu

    return cpu.sum_of_squares(arrays)
