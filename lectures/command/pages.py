"""`check` and `refresh`: what the pages quote and draw, the map of the course, and the walks for Visual Studio Code."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lectures.build import concepts, figures, launching, snippets
from lectures.command.report import report


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    check = commands.add_parser(
        "check", help="compare quoted code, figures, the map and .vscode/launch.json with what they are made from"
    )
    check.set_defaults(run=run_check)
    refresh = commands.add_parser(
        "refresh", help="quote the source of today, draw the figures, write the map and .vscode/launch.json"
    )
    refresh.set_defaults(run=run_refresh)


def run_check(options: argparse.Namespace, project: Path) -> int:
    """Compare; the exit code."""
    wrong = [problem for part in (snippets, figures, concepts, launching) for problem in part.check(project)]
    return report(wrong, "To bring them up to date: python -m lectures refresh")


def run_refresh(options: argparse.Namespace, project: Path) -> int:
    """Write what differs; the exit code."""
    changed, wrong = snippets.refresh(project)
    changed += figures.refresh(project)
    for part in (concepts, launching):
        more, problems = part.refresh(project)
        changed, wrong = changed + more, wrong + problems
    for path in changed:
        print(f"{path.relative_to(project).as_posix()}: written")
    return report(wrong, "These need to be corrected by hand.")
