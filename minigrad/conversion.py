"""Conversion of numbers to arrays, and the choice of dtypes. The rules are NumPy's (NEP 50), with two exceptions.

- An array keeps its dtype. Different dtypes are promoted: float32 with float64 gives float64.
- A Python number is weak: with an array it takes the array's dtype, so that `x * 0.5` does not widen x. A float with
  integers gives float64, an integer with booleans int64. An integer that is too large raises OverflowError.
- First exception: Python floats without an array become float32, the dtype of training (in NumPy float64).
- Second exception: integers and booleans become float64 if the result has fractions, as in `exp`, `sigmoid`, `mean`,
  `softmax`, a division, or a negative power (NumPy gives float16 for int8, and refuses the power).

Supported dtypes are booleans, integers, float16, float32 and float64, in the machine's byte order. The other byte
order is converted. Dtypes longer than 64 bits are rejected.

float16 and integers are for elementwise ops, reductions and indexing. The ops that run a kernel (`linear`, `matmul`,
`attention`, `layer_norm`, `rms_norm`, `cross_entropy`, `lstm`, `relu`, `gelu`, `embedding`) compute in float32 or
float64. They reject float16; those with parameters reject integers too.
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
"""The dtypes in which kernels compute."""

FEW = 64
"""The largest number of terms that may be summed one after the other in float32."""


def as_array(data: Any) -> Array:
    """Numbers as an array. Arrays are returned themselves, Python floats (also in lists) become float32.

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
    """A Python number as an array without axes, on the device of `array` and of the dtype that it takes with it.

    Raises:
        OverflowError: if it is an integer that the dtype cannot hold.
    """
    if array.dtype.kind != "f":
        return beside(np.asarray(number, dtype=np.result_type(array.dtype, number)), array)
    if isinstance(array, np.ndarray):
        return np.array(number, dtype=array.dtype)
    return np.full_like(array, number, shape=())


def array_like(name: str, values: Any, array: Array) -> Array:
    """An array, a number or nested lists of numbers as an array with the dtype and on the device of `array`.

    Raises:
        TypeError: if the conversion would lose information, as that of floats to integers does.
        OverflowError: if an integer is too large for the dtype.
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
    """The arrays of an op in the dtype in which its kernel computes: float64 if one of them is, otherwise float32.

    Raises:
        TypeError: naming the op, the array and the dtype, if one of them is neither.
    """
    first = arrays[0].dtype
    if first in OF_KERNELS:  # this runs for every op: return early if all is right
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
    """The sum over axes, with the dtype of NumPy's `sum`.

    NumPy sums pairwise along the last axis only. Along other axes it adds one number after the other: the sum of a
    million times 0.1 in float32 is then 1% off. So this function sums many terms in float64.
    """
    dtype = array.dtype
    if array.size <= FEW or dtype.kind != "f" or dtype.itemsize == 8 or axis == -1 or axis == array.ndim - 1:
        return array.sum(axis=axis, keepdims=keepdims)
    axes = range(array.ndim) if axis is None else normalize_axis_tuple(axis, array.ndim)
    if math.prod(array.shape[each] for each in axes) <= FEW:
        return array.sum(axis=axis, keepdims=keepdims)
    return array.sum(axis=axis, keepdims=keepdims, dtype=np.float64).astype(dtype)
