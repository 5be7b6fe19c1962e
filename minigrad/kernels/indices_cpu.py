"""Checking indices by a compiled loop, for the kernels of a CPU: one pass, where NumPy takes two."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled


def check_range(name: str, indices: Array, stop: int) -> Array:
    """The indices as int64.

    Raises:
        ValueError: unless they lie in [0, stop).
    """
    indices = indices.astype(np.int64, copy=False)
    if _n_outside(indices, stop):
        raise ValueError(f"{name} must lie in [0, {stop}), got {indices.min()} to {indices.max()}")
    return indices


@compiled(nogil=True)
def _n_outside(indices, stop):  # type: ignore[no-untyped-def]
    n = 0
    for i in range(indices.size):
        if indices[i] < 0 or indices[i] >= stop:
            n += 1
    return n
