"""`check` and `refresh`: the blocks of the pages that quote the code, and the lists of the course."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lectures.build import concepts, overview, snippets
from lectures.command.report import report


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    check = commands.add_parser(
        "check",
        help="compare the blocks that quote code with the source, and the lists with concepts.toml",
    )
    check.set_defaults(run=run_check)
    refresh = commands.add_parser("refresh", help="quote the source of today, and write the lists")
    refresh.set_defaults(run=run_refresh)


def run_check(options: argparse.Namespace, project: Path) -> int:
    """Compare; the exit code."""
    if missing := concepts.to_come(concepts.read(project)[0]):
        print(f"Still to come: {missing}.")
    return report(
        snippets.check(project) + overview.check(project), "To bring them up to date: python -m lectures refresh"
    )


def run_refresh(options: argparse.Namespace, project: Path) -> int:
    """Write what differs; the exit code."""
    changed, wrong = snippets.refresh(project)
    with_lists, problems = overview.refresh(project)
    for path in changed + with_lists:
        print(f"{path.relative_to(project).as_posix()}: written")
    return report(wrong + problems, "These need to be corrected by hand.")
