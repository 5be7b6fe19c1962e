"""From JSON to dataclasses, with every value checked: a file may be damaged, from another version, or untrusted."""

import dataclasses
import math
import types
import typing
from typing import Any, Literal, Union

LARGEST = 1e300
"""The largest absolute value that is accepted: the mean or the spread of larger numbers would overflow."""
DEEPEST = 50
"""How deep lists and objects may be nested where a field may hold anything."""


def decode(kind: Any, value: Any, where: str) -> Any:
    """Turn JSON back into `kind`: dataclasses, lists, dicts, unions, literals and plain values.

    `where` names the value in messages: "claims[0].effect".

    Raises:
        ValueError: naming the field, what was expected and what came.
    """
    if kind is Any:
        _check_any(value, where)
        return value
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(arguments, value, where)
    if origin is Literal:
        return value if value in arguments else _refuse(where, "one of " + ", ".join(map(repr, arguments)), value)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, value, where)
    if origin is list:
        if not isinstance(value, list):
            _refuse(where, "a list", value)
        return [decode(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            _refuse(where, "an object", value)
        for key in value:
            _check_plain(key, where)
        return {key: decode(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        _refuse(where, _name(kind), value)
    if isinstance(value, int | float) and abs(value) > LARGEST:
        _refuse(where, f"a number of at most {LARGEST:g} in size", value)
    _check_plain(value, where)
    return value


def _check_any(value: Any, where: str, depth: int = 0) -> None:
    """Refuse values that could be read but not written again, such as those nested deeper than Python's stack."""
    if depth > DEEPEST:
        raise ValueError(f"field {where} must be nested at most {DEEPEST} deep")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_plain(key, where)
            _check_any(item, f"{where}.{key}", depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_any(item, f"{where}[{index}]", depth + 1)
    else:
        _check_plain(value, where)


def _check_plain(value: Any, where: str) -> None:
    """Refuse what JSON's grammar allows but files and formulas do not: 1e999, and half of a surrogate pair."""
    if isinstance(value, float) and not math.isfinite(value):
        _refuse(where, "finite", value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            _refuse(where, "text that UTF-8 can hold", value)


def _decode_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        _refuse(where, "an object", value)
    kinds = typing.get_type_hints(kind)
    prefix = f"{where}." if where else ""
    for problem, names in (("missing", kinds.keys() - value.keys()), ("unknown", value.keys() - kinds.keys())):
        if names:
            raise ValueError(f"field {prefix}{min(names)} is {problem}")
    fields = {name: decode(kinds[name], value[name], prefix + name) for name in kinds}
    try:
        return kind(**fields)
    except ValueError as error:  # raised by the class's own checks
        raise ValueError(f"field {where}: {error}" if where else str(error)) from None


def _decode_union(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    for kind in kinds:
        try:
            return decode(kind, value, where)
        except ValueError:
            continue
    return _refuse(where, " or ".join(map(_name, kinds)), value)


def _name(kind: Any) -> str:
    """What the messages call a type."""
    if kind is types.NoneType:
        return "null"
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _refuse(where: str, expected: str, value: Any) -> typing.NoReturn:
    raise ValueError(f"field {where or '(top)'} must be {expected}, got {_shown(value)}")


def _shown(value: Any) -> str:
    """The value in a message, on one short line; an integer of thousands of digits has no decimal text in Python."""
    try:
        return f"{value!r:.80}"
    except ValueError:
        return "an integer of thousands of digits"
