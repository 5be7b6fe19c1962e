"""From numbers to arrays, and the dtypes that they get. The rules are NumPy's (NEP 50), with two exceptions.

- An array keeps its dtype, and arrays of several dtypes are promoted: float32 beside float64 is float64.
- A Python number is weak: beside an array it takes the array's dtype, so that `x * 0.5` does not widen x. A float
  beside integers is float64, an integer beside booleans int64, and one that is too large an OverflowError.
- Python floats on their own become float32, the dtype that models train in (NumPy: float64).
- Integers and booleans become float64 where the result has fractions: `exp`, `sigmoid`, `mean`, `softmax`, a
  division, a negative power (NumPy makes float16 of int8, and refuses the power). They are never truncated.

The dtypes are booleans, integers, float16, float32 and float64, in the machine's byte order. What has the other byte
order is converted; what is longer than 64 bits is refused.

float16 and integers are for elementwise ops, reductions and indexing. The ops that run a kernel (`linear`, `matmul`,
`attention`, `layer_norm`, `rms_norm`, `cross_entropy`, `lstm`, `relu`, `gelu`, `embedding`) compute in float32 or
float64. They refuse float16 by name; the layers among them, which have parameters, refuse integers too.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.array_type import Array
from minigrad.device import beside

_INTEGERS = (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)
_DTYPES = frozenset(map(np.dtype, (np.bool_, *_INTEGERS, np.float16, np.float32, np.float64)))
OF_KERNELS = frozenset(map(np.dtype, (np.float32, np.float64)))
"""What kernels compute in."""

FEW = 64
"""Up to so many terms, float32 may add up one after the other."""


def as_array(data: Any) -> Array:
    """Numbers as an array: arrays as they are, Python floats (also in lists) as float32.

    Raises:
        TypeError: if data does not consist of numbers, or its dtype is not supported.
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
    if array.dtype in _DTYPES:
        return array
    native = array.dtype.newbyteorder("=")
    if native in _DTYPES:
        return array.astype(native)
    advice = "; convert it with .astype('float64')" if array.dtype.kind == "f" else ""
    raise TypeError(f"data must be numbers, got {type(data).__name__} of dtype {array.dtype}{advice}")


def number_like(number: Any, array: Array) -> Array:
    """A Python number as an array without axes, of the dtype that it takes beside `array` and on its device.

    Raises:
        OverflowError: if it is an integer that the dtype cannot hold.
    """
    if array.dtype.kind != "f":
        return beside(np.asarray(number, dtype=np.result_type(array.dtype, number)), array)
    if isinstance(array, np.ndarray):
        return np.array(number, dtype=array.dtype)
    return np.full_like(array, number, shape=())


def array_like(name: str, values: Any, array: Array) -> Array:
    """An array, or numbers and nested lists of numbers, as an array of the dtype and on the device of `array`.

    Raises:
        TypeError: if the dtype cannot hold their kind: floats would lose their fractions among integers.
        OverflowError: if an integer is too large for it.
    """
    if not hasattr(values, "__cuda_array_interface__"):
        values = np.asarray(values)
    given, wanted = values.dtype, array.dtype
    whole = given.kind in "iu" and wanted.kind in "iu"
    if not whole and not np.can_cast(given, wanted, "same_kind"):
        raise TypeError(f"{name} must be numbers of a dtype that fits into {wanted}, got {given}")
    converted = beside(values, array).astype(wanted, copy=False)
    if whole and not np.can_cast(given, wanted) and (converted != beside(values, array)).any():
        raise OverflowError(f"{name} must fit into {wanted}, got numbers from {values.min()} to {values.max()}")
    return converted


def for_kernel(op: str, names: Sequence[str], *arrays: Array) -> Sequence[Array]:
    """The arrays of an op in the one dtype in which its kernel runs, the widest of theirs: float32 or float64.

    Raises:
        TypeError: if one of them has another dtype, naming the op, the array and the dtype.
    """
    first = arrays[0].dtype
    if first in OF_KERNELS:  # this is asked for every op, and what is right is seen at once
        for array in arrays:
            if array.dtype is not first:
                break
        else:
            return arrays
    for name, array in zip(names, arrays, strict=True):
        if array.dtype not in OF_KERNELS:
            raise TypeError(
                f"{op} needs float32 or float64, got {array.dtype} for {name}; convert it with .astype('float32')"
            )
    dtype = np.result_type(*arrays)
    return [array.astype(dtype, copy=False) for array in arrays]


def added_up(array: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum over axes, in the dtype that NumPy's has.

    NumPy adds pairs of pairs along the last axis alone. Along another one it adds one number after the other: a
    million times 0.1 in float32 is then 1% off. So many terms are added up in float64.
    """
    dtype = array.dtype
    if array.size <= FEW or dtype.kind != "f" or dtype.itemsize == 8 or axis == -1 or axis == array.ndim - 1:
        return array.sum(axis=axis, keepdims=keepdims)
    axes = range(array.ndim) if axis is None else normalize_axis_tuple(axis, array.ndim)
    if math.prod(array.shape[each] for each in axes) <= FEW:
        return array.sum(axis=axis, keepdims=keepdims)
    return array.sum(axis=axis, keepdims=keepdims, dtype=np.float64).astype(dtype)
