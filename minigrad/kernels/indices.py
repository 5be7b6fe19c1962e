"""Checking indices in NumPy, for reference and CUDA kernels: an index out of range would be read from elsewhere."""

import numpy as np

from minigrad.array_type import Array


def check_range(name: str, indices: Array, stop: int) -> None:
    """Raise ValueError unless the indices lie in [0, stop).

    Indices on a GPU are not checked, because the CPU would have to wait for the result. A CUDA kernel therefore skips
    bad indices itself.
    """
    if isinstance(indices, np.ndarray) and indices.size and (indices.min() < 0 or indices.max() >= stop):
        raise ValueError(f"{name} must lie in [0, {stop}), got {indices.min()} to {indices.max()}")
