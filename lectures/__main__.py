"""The command line of the course: `python -m lectures COMMAND …`. Each command is a module of `lectures/command/`.

Exit codes: 0 if all is right; 1 if something is not (it says what); 2 if the command line is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lectures.command import classes, grade, handout, pages, prove, site, steppers, walk

PROJECT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None, project: Path = PROJECT) -> int:
    """Do what the command line says; the exit code."""
    top = argparse.ArgumentParser(prog="python -m lectures", description="The course: its pages, walks and exercises.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (pages, walk, handout, grade, classes, prove, steppers, site):
        command.add(commands)
    options = top.parse_args(arguments)
    try:
        return int(options.run(options, project))
    except ValueError as error:  # what was named is not there
        top.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
