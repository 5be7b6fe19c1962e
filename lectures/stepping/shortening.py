"""The value of a variable as a short text that is the same in every run: no addresses, no full arrays.

shortened(np.eye(2))                    float64 (2, 2)
                                        [[1. 0.]
                                         [0. 1.]]
shortened({"low": 5, "lower": 2})       {'low': 5, 'lower': 2}
shortened(object())                     object
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import numpy as np

from minigrad import Tensor
from minigrad.anomaly import op_name
from minigrad.tape import Node

LENGTH = 240  # characters of a text
ITEMS = 8  # of a list, a dictionary or a set
DEPTH = 3  # of lists in lists
ELEMENTS = 64  # of an array; a larger one is shown by its corners
NESTED_ELEMENTS = 8  # of an array in a list; of a larger one only the shape is shown


def shortened(value: object, node_name: Callable[[Node], str] = lambda node: op_of(node)) -> str:
    """The text. `node_name` says what a node of the tape is called."""
    text = _text(value, DEPTH, node_name)
    return text if len(text) <= LENGTH or isinstance(value, np.ndarray | Tensor) else f"{text[: LENGTH - 1]}…"


def op_of(node: Node) -> str:
    """The op that a node of the tape records; `freed` once its rule is gone."""
    return "freed" if node.rule is None else op_name(node.rule)


def numbers(array: np.ndarray) -> str:
    """The numbers of an array, a row a line."""
    text = np.array2string(array, precision=4, threshold=ELEMENTS, edgeitems=2, max_line_width=76)
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())


def _text(value: Any, depth: int, node_name: Callable[[Node], str]) -> str:
    if isinstance(value, bool | int | str | bytes | None):
        return repr(value)
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    if isinstance(value, np.generic):
        return str(value)
    if isinstance(value, np.ndarray):
        return _array(value, depth)
    if isinstance(value, Tensor):
        return _tensor(value, depth)
    if isinstance(value, Node):
        return node_name(value) if hasattr(value, "time") else "Node, being made"
    if isinstance(value, type | FunctionType):
        return value.__qualname__.rpartition("<locals>.")[2]
    if isinstance(value, tuple | list | dict | set | frozenset) and not _has_own_repr(value):
        return _collection(value, depth, node_name)
    return _repr(value)


def _array(array: np.ndarray, depth: int) -> str:
    """Its dtype and shape, then its numbers, on lines of their own if there are several rows."""
    if not array.ndim:
        return numbers(array)
    title = f"{array.dtype.name} {array.shape}"
    if depth < DEPTH and array.size > NESTED_ELEMENTS:
        return title
    values = numbers(array)
    separator = "\n" if "\n" in values else " "
    return f"{title}{separator}{values}"


def _tensor(tensor: Tensor, depth: int) -> str:
    if not hasattr(tensor, "_data"):  # its __init__ has not come that far
        return "Tensor, being made"
    array = tensor._data
    text = f"Tensor {_array(array, depth) if isinstance(array, np.ndarray) else type(array).__name__}"
    grad = getattr(tensor, "grad", None)
    if not isinstance(grad, np.ndarray) or depth < DEPTH:
        return text
    return f"{text}\ngrad {numbers(grad)}"


def _collection(values: Any, depth: int, node_name: Callable[[Node], str]) -> str:
    """Its first items. A set is sorted, because the order of a set of strings differs from run to run."""
    if not depth:
        return "…"

    def text(value: object) -> str:
        return " ".join(_text(value, depth - 1, node_name).split())

    if isinstance(values, dict):
        items = values.most_common() if isinstance(values, Counter) else values.items()
        return "{" + _joined((f"{text(key)}: {text(item)}" for key, item in items), len(values)) + "}"
    if isinstance(values, set | frozenset):
        return "{" + _joined(sorted(map(text, values)), len(values)) + "}" if values else "set()"
    if isinstance(values, list):
        return f"[{_joined(map(text, values), len(values))}]"
    return f"({_joined(map(text, values), len(values))}{',' * (len(values) == 1)})"


def _joined(texts: Iterable[str], n: int) -> str:
    shown = [text for text, _ in zip(texts, range(ITEMS), strict=False)]
    return ", ".join(shown if n <= ITEMS else [*shown, f"… {n - ITEMS} more"])


def _has_own_repr(value: object) -> bool:
    """Whether a collection writes itself, as a named tuple does."""
    plain = {kind.__repr__ for kind in (tuple, list, dict, set, frozenset, Counter)}
    return type(value).__repr__ not in plain


def _repr(value: object) -> str:
    """What an object says of itself, without its address. Only its class if that is all, or if it fails."""
    name = type(value).__name__
    if type(value).__repr__ is object.__repr__:
        return name
    try:
        text = repr(value)
    except Exception:  # an object whose __init__ has not ended may not be able to
        return f"{name}, being made"
    return re.sub(r"( at)? 0x[0-9a-fA-F]+", "", text)
