"""The sum of the squares in several arrays, whose root is the norm for gradient clipping: any shapes, any strides.

The kernel takes all arrays at once because the sum is a number on the CPU. So the CPU waits for a GPU once, and not
once for each array.
"""

from collections.abc import Sequence

from minigrad.array_type import Array
from minigrad.kernels import backend_for


def sum_of_squares(arrays: Sequence[Array]) -> float:
    """Σ x² over all elements of all arrays, which live on one device. NaN and infinity propagate.

    The compiled kernels square float32 in float32: squares above 3e38 become infinity, and squares below 1e-38 lose
    digits. If that matters, divide by the largest element first, as gradient clipping does.
    """
    if not arrays:
        return 0.0
    backend = backend_for(__name__, arrays[0])
    return backend.sum_of_squares(arrays)
