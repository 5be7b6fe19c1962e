"""The sum of squares on a CPU.

BLAS could compute it as a vector times itself, but would wake all its threads. They wait for more work for a while by
spinning, on cores that the threads of `DataParallel` need.
"""

from collections.abc import Sequence

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled

PART = 4096
"""Squares that are added up in x's dtype, which is fast. Their sums are added up in float64, which is exact."""


def sum_of_squares(arrays: Sequence[Array]) -> float:
    """Σ x²."""
    return sum(_sum_of_squares(np.ascontiguousarray(x).reshape(-1)) for x in arrays)


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _sum_of_squares(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for start in range(0, x.size, PART):
        part, of_part = x[start : start + PART], x.dtype.type(0)
        for i in range(part.size):
            of_part += part[i] * part[i]
        total += of_part
    return total
