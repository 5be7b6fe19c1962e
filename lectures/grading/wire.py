"""Values as lines of JSON, between the grader and the student's process. Nothing is pickled.

An array is {"array": base64 of a .npy file}, a tuple {"tuple": [...]}, bytes {"bytes": base64}, a dict {"dict": {...}}.
"""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np


def encode(value: Any) -> str:
    """A value as one line.

    Raises:
        TypeError: for anything but numbers, text, bytes, None, arrays, and lists, tuples, sets and dicts of them.
    """
    return json.dumps(_to_json(value))


def decode(line: str) -> Any:
    """The value of a line."""
    return _from_json(json.loads(line))


def _to_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        # Subclasses become what they are based on.
        return next((kind(value) for kind in (bool, int, float, str) if isinstance(value, kind)), None)
    if isinstance(value, np.bool_ | np.integer | np.floating):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise TypeError(f"expected an array of numbers, got one of dtype {value.dtype}")
        file = io.BytesIO()
        np.save(file, np.asarray(value), allow_pickle=False)
        return {"array": base64.b64encode(file.getvalue()).decode()}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, tuple):
        return {"tuple": [_to_json(item) for item in value]}
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return [_to_json(item) for item in sorted(value)]
    if isinstance(value, dict):
        return {"dict": [[_to_json(key), _to_json(item)] for key, item in value.items()]}
    raise TypeError(f"expected numbers, text, arrays, or lists of them, got {type(value).__name__}")


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        return np.load(io.BytesIO(base64.b64decode(content)), allow_pickle=False)
    if kind == "bytes":
        return base64.b64decode(content)
    if kind == "tuple":
        return tuple(_from_json(item) for item in content)
    return {_from_json(key): _from_json(item) for key, item in content}
