"""`grade DIR`: points and messages for a student's folder."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from lectures.grading import reports
from lectures.grading.examples import write_example
from lectures.grading.exercise import Assignment
from lectures.grading.folder import assignment_of, assignments_in, variants_in
from lectures.grading.grade import grade
from minigrad.files import write_text


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    command = commands.add_parser("grade", help="grade a student's folder; exit code 1 if points are missing")
    command.add_argument("folder", type=Path, metavar="DIR", help="the folder of the handout")
    command.add_argument(
        "numbers", nargs="*", metavar="N", help="an assignment (1) or exercises (1.2); by default the latest assignment"
    )
    add_course(command)
    command.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts as JSON")
    command.add_argument("--gradescope", type=Path, metavar="FILE", help="write Gradescope's results.json")
    command.set_defaults(run=run)


def add_course(command: Any) -> None:
    """Describe the arguments that `grade` and `class` share."""
    command.add_argument("--key", default="", help="the course's secret word, which decides the hidden seed and rules")
    command.add_argument(
        "--ours", nargs="+", default=[], metavar="N", help="assignments whose files the library's take the place of"
    )


def run(options: argparse.Namespace, project: Path) -> int:
    """Grade; the exit code.

    Raises:
        ValueError: if the folder, the numbers or the key do not fit.
    """
    assignment = chosen(options.folder, options.numbers)
    numbers = [number for number in options.numbers if "." in number]
    verdicts = grade(options.folder, assignment, key=options.key, numbers=numbers, ours=options.ours, project=project)
    print(reports.text(assignment, verdicts, hidden=bool(options.key)))
    if options.json:
        content = reports.as_json(assignment, verdicts, variants_in(options.folder, assignment))
        _write(options.json, content)
    if options.gradescope:
        _write(options.gradescope, reports.for_gradescope(verdicts))
    if not options.key:
        _offer_examples(options.folder, assignment, verdicts)
    return 0 if reports.score(verdicts) == reports.best(verdicts) else 1


def chosen(folder: Path, numbers: list[str]) -> Assignment:
    """The assignment to grade: the one that is named, or the latest one in the folder.

    Raises:
        ValueError: if several are named, or the folder is not that of a handout.
    """
    if not numbers:
        return assignments_in(folder)[-1]
    named = {assignment_of(number).number for number in numbers}
    if len(named) > 1:
        raise ValueError(f"expected exercises of one assignment, got {', '.join(numbers)}")
    return assignment_of(numbers[0])


def _offer_examples(folder: Path, assignment: Assignment, verdicts: list[Any]) -> None:
    """Write the first example that differs as a program for the debugger."""
    for verdict in verdicts:
        try:
            path = write_example(folder, assignment, verdict)
        except OSError:  # a folder that cannot be written is graded all the same
            return
        if path is not None:
            print(f"Step through the first example of {verdict.number}: python -m pdb {path}")


def _write(path: Path, content: dict[str, Any]) -> None:
    try:
        write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror or error}") from None
