"""Checks of arguments: each says what is wrong in the same words, wherever the argument is taken.

A check returns the value in the form that its caller needs, or raises an error with the name of the
argument, what was expected and what came. Numbers that are not finite are refused by every one of them.
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
    """A finite number inside the bounds that are given, as a Python float.

    Raises:
        TypeError: if value is not one number (a boolean is none).
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
    """A whole number inside the bounds that are given, as a Python int.

    Raises:
        TypeError: if value is not an integer (a boolean or 2.0 is none).
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
        TypeError: if value is something else. Whatever is not empty would be taken for True.
    """
    if not isinstance(value, _BOOLEANS):
        raise TypeError(f"{name} must be True or False, got {value!r} of type {type(value).__name__}")
    return bool(value)


def pair(name: str, values: Any) -> tuple[Any, Any]:
    """Two values, such as Adam's betas, as a tuple. What they are is not checked.

    Raises:
        TypeError: if values is not a sequence.
        ValueError: if it does not hold two.
    """
    if not isinstance(values, tuple | list):
        raise TypeError(f"{name} must be two numbers, got {values!r} of type {type(values).__name__}")
    if len(values) != 2:
        raise ValueError(f"{name} must be two numbers, got {values}")
    return values[0], values[1]


def integers(name: str, values: Any) -> Array:
    """An array of integers, as int64: token ids and labels. The array itself if that is what it is.

    Raises:
        TypeError: if the values are not integers (floats and booleans are not, whatever they hold).
        ValueError: if one is too large for int64, or lists differ in length.
    """
    array = _array(name, values)
    if array.size == 0 and not hasattr(values, "dtype"):
        array = array.astype(np.int64)  # NumPy takes an empty list for floats
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {array.dtype}")
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must fit into int64, got {array.max()}")
    return array.astype(np.int64, copy=False)


def zero_one_mask(name: str, mask: Any, where: str = "there is a token") -> Array:
    """A mask as booleans: True (or 1) where there is a token, False (or 0) elsewhere.

    Args:
        where: what the mask says of the places that have a 1, for the error.

    Raises:
        TypeError: if it holds neither booleans nor integers. A float mask that is added to the scores, as
            some libraries use, would be read as its opposite.
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
    """Numbers, nested lists of them, or a tensor, as an array; an array as it is, wherever it lives."""
    if hasattr(values, "requires_grad"):  # a tensor, whose class this module does not know
        return values.data
    if hasattr(values, "dtype"):
        return values
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be one array, got lists of different lengths; pad them first") from None
