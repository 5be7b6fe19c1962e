"""Checks of arguments: each says what is wrong in the same words, wherever the argument is taken.

A check returns the value in the form that its caller needs, or raises an error with the name of the
argument, what was expected and what came. Numbers that are not finite are refused by every one of them.
"""

import math
from typing import Any

import numpy as np

from minigrad.array_type import Array


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
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
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
    except OverflowError:  # an integer that is larger than any float
        return False


def whole_number(name: str, value: Any, *, at_least: int | None = None, at_most: int | None = None) -> int:
    """A whole number inside the bounds that are given, as a Python int.

    Raises:
        TypeError: if value is not an integer (a boolean or 2.0 is none).
        ValueError: if it is outside the bounds.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
    if (at_least is not None and value < at_least) or (at_most is not None and value > at_most):
        bounds = (("at least", at_least), ("at most", at_most))
        said = " and ".join(f"{words} {bound}" for words, bound in bounds if bound is not None)
        raise ValueError(f"{name} must be {said}, got {value}")
    return int(value)


def integers(name: str, values: Any) -> Array:
    """An array of integers, as int64: token ids and labels. The array itself if that is what it is.

    Raises:
        TypeError: if the values are not integers (floats and booleans are not, whatever they hold).
        ValueError: if one is too large for int64.
    """
    array = values if hasattr(values, "dtype") else np.asarray(values)
    if array.size == 0 and not hasattr(values, "dtype"):
        array = array.astype(np.int64)  # NumPy takes an empty list for floats
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers, got {array.dtype}")
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must fit into int64, got {array.max()}")
    return array.astype(np.int64, copy=False)


def zero_one_mask(name: str, mask: Any) -> Array:
    """A mask as booleans: True (or 1) where there is a token, False (or 0) where there is padding.

    Raises:
        TypeError: if it holds neither booleans nor integers. A float mask that is added to the scores, as
            some libraries use, would be read as its opposite.
        ValueError: if it holds another number than 0 and 1.
    """
    array = mask if hasattr(mask, "dtype") else np.asarray(mask)
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} must be booleans or integers, 1 where there is a token and 0 where there is padding, "
            f"got {array.dtype}"
        )
    if array.size and (array.min() < 0 or array.max() > 1):
        other = array[(array != 0) & (array != 1)].flat[0]
        raise ValueError(f"{name} must be 1 where there is a token and 0 where there is padding, got {other}")
    return array.astype(np.bool_)
