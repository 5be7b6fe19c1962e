"""The type of raw arrays, for annotations in every layer of minigrad."""

from typing import Any

Array = Any
"""A `numpy.ndarray`, or a `cupy.ndarray` if the tensor is on a GPU."""
