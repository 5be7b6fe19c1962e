"""From numbers to arrays, and the dtypes that they get.

Arrays keep their dtype. Python's own floats become float32, the dtype that models train in, and a
number beside a tensor takes the tensor's dtype, so that `x * 0.5` does not widen x.
"""

from typing import Any

import numpy as np

from minigrad.array_type import Array
from minigrad.device import beside


def as_array(data: Any) -> Array:
    """Numbers as an array: arrays as they are, Python floats (also in lists) as float32.

    Raises:
        TypeError: if data does not consist of numbers.
    """
    if type(data) is np.ndarray or hasattr(data, "__cuda_array_interface__"):
        array = data
    else:
        try:
            array = np.asarray(data)
        except ValueError as error:
            raise ValueError(f"data must be numbers, or nested lists of them of equal lengths; {error}") from error
        if array.dtype == np.float64 and not isinstance(data, np.generic | np.ndarray):
            array = array.astype(np.float32)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"data must be numbers, got {type(data).__name__} of dtype {array.dtype}")
    return array


def number_like(number: Any, array: Array) -> Array:
    """A number as an array without axes, of the dtype that it takes beside `array` and on its device."""
    if array.dtype.kind != "f":
        return beside(np.asarray(number, dtype=np.float32 if type(number) is float else array.dtype), array)
    if isinstance(array, np.ndarray):
        return np.array(number, dtype=array.dtype)
    return np.full_like(array, number, shape=())


def array_like(name: str, values: Any, array: Array) -> Array:
    """An array, or numbers and nested lists of numbers, as an array of the dtype and on the device of `array`.

    Raises:
        TypeError: naming the argument, if values are not numbers or would lose their fractions.
    """
    given = values if hasattr(values, "__cuda_array_interface__") else np.asarray(values)
    if given.dtype.kind not in ("fiub" if array.dtype.kind == "f" else "iub"):
        raise TypeError(f"{name} must be numbers that fit into {array.dtype}, got {given.dtype}")
    if given is not values:
        given = np.asarray(values, dtype=array.dtype)  # which refuses integers that are too large
    return beside(given, array).astype(array.dtype, copy=False)
