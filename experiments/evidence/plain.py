"""Values in JSON's types, and a short hash of them."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np


def fingerprint(value: Any) -> str:
    """A short hash of a value: of its JSON with sorted keys."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def plain(value: Any, where: str = "value") -> Any:
    """The same value in JSON's types: dataclasses and mappings become dicts, arrays and tuples become lists.

    A function or a class becomes its full name: settings may hold a model's class or an objective.

    `where` names the value in messages.

    Raises:
        TypeError: on anything else, or on a key that is not text.
        ValueError: on NaN and infinities, which JSON does not have; write None where there is no number.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        if odd := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"{where}: keys must be text, got {odd[0]!r}")
        return {key: plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} must be finite, got {value}; write None where there is no number")
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, type | FunctionType) and "<" not in value.__qualname__:  # a lambda has no name
        return f"{value.__module__}.{value.__qualname__}"
    raise TypeError(f"{where} must be numbers, text, lists and dicts, got {type(value).__name__}: {value!r}")
