"""`prove`: for every exercise, the stub, the solution and each mistake are graded as they should be."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lectures.assignments import ASSIGNMENTS
from lectures.command.report import report
from lectures.grading.folder import assignment_of
from lectures.grading.proof import SEEDS, prove


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    command = commands.add_parser("prove", help="grade the stub, the solution and the mistakes of every exercise")
    command.add_argument("numbers", nargs="*", metavar="N", help="assignments (1) or exercises (1.2); all by default")
    command.add_argument("--seeds", type=int, default=SEEDS, help=f"for the solution (default {SEEDS})")
    command.set_defaults(run=run)


def run(options: argparse.Namespace, project: Path) -> int:
    """Prove; the exit code.

    Raises:
        ValueError: if there is no such assignment or exercise, or the number of seeds is below 1.
    """
    if options.seeds < 1:
        raise ValueError(f"expected --seeds of at least 1, got {options.seeds}")
    problems = []
    for number in options.numbers or [str(assignment.number) for assignment in ASSIGNMENTS]:
        assignment = assignment_of(number)
        for exercise in [assignment.exercise(number)] if "." in number else assignment.exercises:
            found = prove(assignment, exercise, project, options.seeds)
            print(f"{exercise.number}  {exercise.title}: {'does not hold' if found else 'holds'}", flush=True)
            problems += [f"{exercise.number}: {problem}" for problem in found]
    if problems:
        return report(problems, "An exercise is changed in its module of lectures/assignments/.")
    return 0
