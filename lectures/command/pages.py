"""`check` and `refresh`: quoted code, figures, lists and Visual Studio Code's configurations, from their sources."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lectures.build import concepts, figures, launching, overview, snippets
from lectures.command.report import report

PARTS = (snippets, figures, overview, launching)
"""Each has `check`, which says what differs, and `refresh`, which writes it and says what it cannot mend."""


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    check = commands.add_parser(
        "check", help="compare pages, figures, lists and .vscode/launch.json with their sources"
    )
    check.set_defaults(run=run_check)
    refresh = commands.add_parser(
        "refresh", help="quote the source of today, draw the figures, write the lists and .vscode/launch.json"
    )
    refresh.set_defaults(run=run_refresh)


def run_check(options: argparse.Namespace, project: Path) -> int:
    """Compare; the exit code."""
    if missing := concepts.to_come(concepts.read(project)[0]):
        print(f"Still to come: {missing}.")
    differing = [problem for part in PARTS for problem in part.check(project)]
    return report(differing, "To bring them up to date: python -m lectures refresh")


def run_refresh(options: argparse.Namespace, project: Path) -> int:
    """Write what differs; the exit code."""
    wrong = []
    for part in PARTS:
        changed, problems = part.refresh(project)
        for path in changed:
            print(f"{path.relative_to(project).as_posix()}: written")
        wrong += problems
    return report(wrong, "These need to be corrected by hand.")
