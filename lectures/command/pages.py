"""`check` and `refresh`: the blocks of the pages that quote the code, the figures, and the map of the course."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lectures.build import concepts, figures, snippets
from lectures.command.report import report


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    check = commands.add_parser(
        "check", help="compare the blocks that quote code, the figures and the map with what they are made from"
    )
    check.set_defaults(run=run_check)
    refresh = commands.add_parser("refresh", help="quote the source of today, draw the figures, and write the map")
    refresh.set_defaults(run=run_refresh)


def run_check(options: argparse.Namespace, project: Path) -> int:
    """Compare; the exit code."""
    differing = snippets.check(project) + figures.check(project) + concepts.check(project)
    return report(differing, "To bring them up to date: python -m lectures refresh")


def run_refresh(options: argparse.Namespace, project: Path) -> int:
    """Write what differs; the exit code."""
    changed, wrong = snippets.refresh(project)
    with_map, problems = concepts.refresh(project)
    for path in changed + figures.refresh(project) + with_map:
        print(f"{path.relative_to(project).as_posix()}: written")
    return report(wrong + problems, "These need to be corrected by hand.")
