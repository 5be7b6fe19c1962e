"""The specification of the sum of squares."""

from collections.abc import Sequence

import numpy as np

from minigrad.array_type import Array


def sum_of_squares(arrays: Sequence[Array]) -> float:
    """Σ x² in float64; infinity if float64 overflows."""
    with np.errstate(over="ignore"):
        # dtype: each element is converted before it is squared, because float32 overflows above 3e38.
        return sum(float(np.square(x, dtype=np.float64).sum()) for x in arrays)
