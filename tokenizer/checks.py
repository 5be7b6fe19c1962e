"""Checks of arguments. Each error message says what was expected and what was passed, in the same words everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from typing import Any

LARGEST_ID = 2**31 - 1  # the largest 32-bit integer: models store ids as 32-bit integers


def shown(value: Any) -> str:
    """A value as an error message shows it: on one line, and cut off if it is long."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested very deeply, or an integer of thousands of digits
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:76]} …"


def whole_number(name: str, value: Any, at_least: int | None = None) -> int:
    """An integer, Python's or NumPy's, as Python's `int`.

    Raises TypeError for anything else (True and 2.0 do not count as integers), and ValueError if it is too small.
    """
    try:
        number = None if isinstance(value, bool) else index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name}: expected an integer, got {shown(value)}")
    if at_least is not None and number < at_least:
        raise ValueError(f"{name}: expected at least {at_least}, got {shown(number)}")
    return number


def flag(name: str, value: Any) -> bool:
    """True or False. Raises TypeError for anything else, because Python takes even the string "no" as true."""
    if not isinstance(value, bool):
        raise TypeError(f"{name}: expected True or False, got {shown(value)}")
    return value


def token_ids(ids: Iterable[int], name: str = "ids") -> list[int]:
    """Ids as a list of Python's integers. Raises TypeError for floats, booleans, and anything but ids."""
    try:
        listed = None if isinstance(ids, str | bytes | bytearray) else list(ids)
    except TypeError:
        listed = None
    if listed is None:
        raise TypeError(f"{name}: expected a sequence of integers, got {shown(ids)}")
    if set(map(type, listed)) <= {int}:  # much faster than checking each
        return listed
    return [whole_number(name, id) for id in listed]


def strings(name: str, values: Sequence[str]) -> list[str]:
    """A list of strings. Raises TypeError for a string, whose letters would count as strings, and for a set."""
    if isinstance(values, str | bytes | bytearray) or not isinstance(values, Sequence):
        kind = "the string " * isinstance(values, str)
        raise TypeError(f"{name}: expected a list of strings, got {kind}{shown(values)}")
    return list(values)


def repeated(values: Iterable[str]) -> str | None:
    """The first value that occurs a second time."""
    seen = set[str]()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
