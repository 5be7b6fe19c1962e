"""Reads a recording as the page does: what is there at a step, from what has changed in each."""

from __future__ import annotations

from typing import Any

from lectures.stepping.recorder import Recording
from lectures.stepping.tape_rows import Row


def name(recording: Recording, step: dict[str, Any]) -> str:
    """The function of a step."""
    return recording.calls[step["call"]][0]


def source(recording: Recording, step: dict[str, Any]) -> str:
    """The first line of the statement that runs next."""
    file = recording.files[recording.calls[step["call"]][1]]
    return file["text"].splitlines()[step["line"] - 1].strip()


def lines(recording: Recording) -> list[str]:
    """The source of each step; what is returned, yielded or raised behind an arrow."""
    return [
        f"{source(recording, step)} → {step['event']} {step['value']}" if "event" in step else source(recording, step)
        for step in recording.steps
    ]


def variables(recording: Recording, at: int) -> dict[str, str]:
    """The variables of the function that runs at a step."""
    steps = [step for step in recording.steps[: at + 1] if step["call"] == recording.steps[at]["call"]]
    return _put_together([step.get("variables", {}) for step in steps])


def tape(recording: Recording, at: int) -> dict[str, Row]:
    """The rows of the tape at a step."""
    return _put_together([step.get("tape", {}) for step in recording.steps[: at + 1]])


def where(recording: Recording, function: str, text: str) -> list[int]:
    """The steps of a function before a statement whose first line contains a text."""
    found = [
        i
        for i, step in enumerate(recording.steps)
        if name(recording, step) == function and text in source(recording, step) and "event" not in step
    ]
    assert found, f"no step in {function} before {text!r}"
    return found


def _put_together(changes: list[dict[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for changed in changes:
        values |= changed
    return {key: value for key, value in values.items() if value is not None}
