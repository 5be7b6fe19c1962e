"""Whether a handout holds an answer somewhere: runs of eight tokens of what was left out, looked for in its files."""

from __future__ import annotations

import re
from pathlib import Path

from lectures.grading.exercise import Assignment
from lectures.grading.folder import sources
from lectures.grading.stubs import body, file_of

LENGTH = 8
ALLOWED = 0.25  # of the runs: idioms, such as the first and last line of a backward rule, occur in many places


def leaks(folder: Path, assignment: Assignment, project: Path) -> dict[str, dict[str, float]]:
    """For each emptied function: the files of a handout that hold more of its runs than allowed, and their share."""
    texts = sources(assignment, project, {})
    handed_out = {
        path.relative_to(folder).as_posix(): runs(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    found: dict[str, dict[str, float]] = {}
    for stub in (stub for exercise in assignment.exercises for stub in exercise.stubs):
        file, name = file_of(stub.symbol, project)
        wanted = runs(body(texts[file], file, stub, name))
        shares = {path: len(wanted & there) / len(wanted) for path, there in handed_out.items() if wanted}
        if too_many := {path: share for path, share in shares.items() if share > ALLOWED}:
            found[stub.symbol] = too_many
    return found


def runs(text: str) -> set[tuple[str, ...]]:
    """Every run of eight tokens of a text, without its comments."""
    tokens = re.findall(r"\w+|[^\s\w]", re.sub(r"(#|//).*", "", text))
    return {tuple(tokens[i : i + LENGTH]) for i in range(len(tokens) - LENGTH + 1)}
