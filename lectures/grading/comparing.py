"""Whether two outputs are the same, and how a message shows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lectures.grading.exercise import Case
from lectures.grading.runner import Failure, Stubbed

WIDTH = 200


def judged(case: Case, output: Any) -> Any:
    """The output, or the verdict on it where several outputs are right."""
    if case.judge is None or isinstance(output, Failure | Stubbed):
        return output
    try:
        return case.judge(output)
    except Exception as error:  # the output has not the form that the judge reads
        return f"an output that cannot be read ({type(error).__name__}: {error}): {show(output)}"


def right(case: Case, output: Any) -> bool:
    """Whether a judged output is the expected one."""
    return same(case.expected, output, case.tolerance)


def same(a: Any, b: Any, tolerance: float, *, equal_nan: bool = False) -> bool:
    """Whether two values are the same: shapes and texts exactly, numbers up to the tolerance. Lists equal tuples."""
    if isinstance(a, Failure | Stubbed) or isinstance(b, Failure | Stubbed):
        return isinstance(a, type(b)) and a.text == b.text
    if isinstance(a, str | bytes | bool | None) or isinstance(b, str | bytes | bool | None):
        return type(a) is type(b) and bool(a == b)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
            return False
        return a.shape == b.shape and _close(a, b, tolerance, equal_nan)
    if isinstance(a, int | float) or isinstance(b, int | float):
        return isinstance(a, int | float) and isinstance(b, int | float) and _close(a, b, tolerance, equal_nan)
    if isinstance(a, dict) or isinstance(b, dict):
        if not (isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys()):
            return False
        return all(same(a[key], b[key], tolerance, equal_nan=equal_nan) for key in a)
    return len(a) == len(b) and all(same(x, y, tolerance, equal_nan=equal_nan) for x, y in zip(a, b, strict=True))


def _close(a: Any, b: Any, tolerance: float, equal_nan: bool) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.allclose(b, a, rtol=tolerance, atol=tolerance, equal_nan=equal_nan))


def show(value: Any) -> str:
    """A value in one line of a message."""
    if isinstance(value, Failure):
        return value.text + (f" ({value.place})" if value.place else "")
    if isinstance(value, Stubbed):
        return value.text
    text = _text(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        numbers = np.array2string(
            value, threshold=24, separator=", ", max_line_width=10_000, formatter={"float_kind": lambda x: f"{x:.5g}"}
        )
        return f"{' '.join(numbers.split())} of shape {value.shape}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        left, right = "[]" if isinstance(value, list) else "()"
        return f"{left}{', '.join(map(_text, value))}{right}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) + "}"
    return value if isinstance(value, str) else repr(value)
