"""`walk check` and `walk refresh`: the debugger sessions of the pages, most of them in `lectures/walks/`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lectures.build import walking
from lectures.build.debuggers import MissingDebuggerError, WalkError
from lectures.command.report import report


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    walk = commands.add_parser("walk", help="replay debugger sessions")
    walk.add_argument("action", choices=["check", "refresh"], help="compare with the pages, or rewrite them")
    walk.add_argument("names", nargs="*", metavar="NAME", help="walks (all, if none is named)")
    walk.set_defaults(run=run)


def run(options: argparse.Namespace, project: Path) -> int:
    """Compare or record the walks; the exit code. A walk whose debugger is missing here is named, and left out.

    Raises:
        ValueError: if there is no walk of a name.
    """
    act = walking.check if options.action == "check" else _record
    wrong = []
    for path in walking.pages(project, options.names):
        try:
            wrong += act(path, project)
        except MissingDebuggerError as error:
            print(f"{path.relative_to(project).as_posix()}: not replayed, because {error}")
    if options.action == "check":
        return report(wrong, "To record them again: python -m lectures walk refresh")
    return report(wrong, "These need to be corrected by hand.")


def _record(path: Path, project: Path) -> list[str]:
    """Record a walk again; why it cannot be, if so."""
    name = path.relative_to(project).as_posix()
    try:
        print(f"{name}: {'written' if walking.refresh(path, project) else 'up to date'}")
    except WalkError as error:
        return [f"{name}, {error}"]
    return []
