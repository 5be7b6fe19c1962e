"""`handout N --to DIR`: the files of an assignment, for the student to edit."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lectures.grading.folder import assignment_of, write_handout


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    handout = commands.add_parser("handout", help="write the files of an assignment, for the student to edit")
    handout.add_argument("number", type=int, metavar="N", help="the number of the assignment; 0 is the warm-up")
    handout.add_argument("--to", type=Path, required=True, metavar="DIR", help="may hold the handouts of other weeks")
    handout.add_argument(
        "--key", default="", help="a course's own secret word: it decides the rules of exercises that have several"
    )
    handout.set_defaults(run=run)


def run(options: argparse.Namespace, project: Path) -> int:
    """Write the files; the exit code.

    Raises:
        ValueError: if there is no such assignment, or one of the files is there already.
    """
    assignment = assignment_of(options.number)
    try:
        options.to.mkdir(parents=True, exist_ok=True)
        for path in write_handout(options.to, assignment, project, options.key):
            print(path)
    except OSError as error:
        raise ValueError(f"cannot write to {options.to}: {error.strerror or error}") from None
    print(f"Read {options.to / f'handout_{assignment.number}.md'}, then: python -m lectures grade {options.to}")
    return 0
