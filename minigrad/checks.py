"""Checks of arguments, with the same error messages everywhere.

A check returns the value as the type that its caller needs, or raises an error with the name of the argument, what was
expected, and what was given. All of them reject numbers that are not finite.
"""

import math
from typing import Any

import numpy as np

from minigrad.array_type import Array

_BOOLEANS, _INTEGERS = (bool, np.bool_), (int, np.integer)
_NUMBERS = (*_INTEGERS, float, np.floating)


def number(
    name: str,
    value: Any,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
) -> float:
    """A finite number within the given bounds, as a Python float.

    Raises:
        TypeError: if value is not a number (a boolean is not).
        ValueError: if it is not finite, or outside the bounds.
    """
    if isinstance(value, _BOOLEANS) or not isinstance(value, _NUMBERS):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    fits = (
        _is_finite(value)
        and (at_least is None or value >= at_least)
        and (above is None or value > above)
        and (at_most is None or value <= at_most)
        and (below is None or value < below)
    )
    if not fits:
        bounds = (("at least", at_least), ("above", above), ("at most", at_most), ("below", below))
        said = " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)
        raise ValueError(f"{name} must be a finite number{' ' * bool(said)}{said}, got {value}")
    return float(value)


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a Python integer that is too large for a float
        return False


def whole_number(name: str, value: Any, *, at_least: int | None = None, at_most: int | None = None) -> int:
    """An integer within the given bounds, as a Python int.

    Raises:
        TypeError: if value is not an integer (neither a boolean nor 2.0 is).
        ValueError: if it is outside the bounds.
    """
    if isinstance(value, _BOOLEANS) or not isinstance(value, _INTEGERS):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
    if (at_least is not None and value < at_least) or (at_most is not None and value > at_most):
        bounds = (("at least", at_least), ("at most", at_most))
        said = " and ".join(f"{words} {bound}" for words, bound in bounds if bound is not None)
        raise ValueError(f"{name} must be {said}, got {value}")
    return int(value)


def boolean(name: str, value: Any) -> bool:
    """True or False, as a Python bool.

    Raises:
        TypeError: if value is anything else. Python would treat most other values as True.
    """
    if not isinstance(value, _BOOLEANS):
        raise TypeError(f"{name} must be True or False, got {value!r} of type {type(value).__name__}")
    return bool(value)


def pair(name: str, values: Any) -> tuple[Any, Any]:
    """Two values, such as Adam's betas, as a tuple. The values themselves are not checked.

    Raises:
        TypeError: if values is not a tuple or list.
        ValueError: if its length is not 2.
    """
    if not isinstance(values, tuple | list):
        raise TypeError(f"{name} must be two numbers, got {values!r} of type {type(values).__name__}")
    if len(values) != 2:
        raise ValueError(f"{name} must be two numbers, got {values}")
    return values[0], values[1]


def integers(name: str, values: Any) -> Array:
    """An array of integers, such as token ids or labels, as int64. An int64 array is returned itself.

    Raises:
        TypeError: if the values are not integers (floats such as 1.0 and booleans are not).
        ValueError: if one is too large for int64, or lists differ in length.
    """
    array = _array(name, values)
    if array.size == 0 and not hasattr(values, "dtype"):
        array = array.astype(np.int64)  # NumPy makes float64 of an empty list
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {array.dtype}")
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must fit into int64, got {array.max()}")
    return array.astype(np.int64, copy=False)


def zero_one_mask(name: str, mask: Any, where: str = "there is a token") -> Array:
    """A mask as booleans: True (or 1) where there is a token, False (or 0) elsewhere.

    Args:
        where: what a 1 means, for the error message.

    Raises:
        TypeError: if it holds anything but booleans or integers. Some libraries add float masks to the scores, 0 for
            tokens and -inf for padding, which would be read as the opposite.
        ValueError: if it holds a number other than 0 and 1, or lists differ in length.
    """
    array = _array(name, mask)
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be booleans or integers, 1 where {where} and 0 elsewhere, got {array.dtype}")
    if array.size and (array.min() < 0 or array.max() > 1):
        other = array[(array != 0) & (array != 1)].flat[0]
        raise ValueError(f"{name} must be 1 where {where} and 0 elsewhere, got {other}")
    return array.astype(np.bool_)


def _array(name: str, values: Any) -> Array:
    """Numbers, nested lists of numbers, or a tensor as an array. An array is returned itself, on either device."""
    if hasattr(values, "requires_grad"):  # a tensor, whose class this module does not import
        return values.data
    if hasattr(values, "dtype"):
        return values
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be one array, got lists of different lengths; pad them first") from None
