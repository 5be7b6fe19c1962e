"""The verdicts as text, as JSON, and as Gradescope's results.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lectures.grading.exercise import Assignment
from lectures.grading.grade import Verdict


def text(assignment: Assignment, verdicts: Sequence[Verdict], *, hidden: bool) -> str:
    """What a student reads."""
    lines = [f"Assignment {assignment.number}: {assignment.title}", ""]
    for verdict in verdicts:
        lines.append(f"{verdict.number}  {verdict.title}: {verdict.points} of {verdict.max_points} points")
        passed = sum(verdict.groups.values())
        if verdict.points < verdict.max_points and passed:
            lines.append(f"    {passed} of {len(verdict.groups)} groups of examples are right: " + _right(verdict))
        lines += [f"    {line}" for line in verdict.message.splitlines()]
    lines += ["", f"{score(verdicts)} of {best(verdicts)} points"]
    if not hidden:
        lines[-1] += " with the public examples; a course grades with examples from another seed"
    return "\n".join(lines)


def _right(verdict: Verdict) -> str:
    return ", ".join(group for group, passed in verdict.groups.items() if passed)


def score(verdicts: Sequence[Verdict]) -> int:
    """The points of all exercises."""
    return sum(verdict.points for verdict in verdicts)


def best(verdicts: Sequence[Verdict]) -> int:
    """The points of a right solution."""
    return sum(verdict.max_points for verdict in verdicts)


def as_json(assignment: Assignment, verdicts: Sequence[Verdict], variants: dict[str, str]) -> dict[str, Any]:
    """The verdicts for programs."""
    return {
        "assignment": assignment.number,
        "points": score(verdicts),
        "max_points": best(verdicts),
        "variants": variants,
        "exercises": [
            {
                "number": verdict.number, "title": verdict.title,
                "points": verdict.points, "max_points": verdict.max_points,
                "groups": verdict.groups, "message": verdict.message, "symptoms": list(verdict.symptoms),
                "seconds": round(verdict.seconds, 3), "megabytes": verdict.megabytes,
            }
            for verdict in verdicts
        ],
    }  # fmt: skip


def for_gradescope(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The verdicts in the format of Gradescope's autograder, results.json."""
    return {
        "score": score(verdicts),
        "output_format": "text",
        "visibility": "visible",
        "tests": [
            {
                "number": verdict.number, "name": verdict.title, "score": verdict.points,
                "max_score": verdict.max_points, "output": verdict.message, "visibility": "visible",
            }
            for verdict in verdicts
        ],
    }  # fmt: skip
