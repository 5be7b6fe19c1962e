"""The one type that every layer of minigrad shares."""

from typing import Any

Array = Any
"""A `numpy.ndarray`, or a `cupy.ndarray` where a tensor lives on a GPU."""
