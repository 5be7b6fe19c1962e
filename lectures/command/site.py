"""`site`: the course as HTML."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lectures.command.report import report
from lectures.site.building import build


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    site = commands.add_parser("site", help="build the course as HTML, which needs no network to read")
    site.add_argument("--to", type=Path, required=True, metavar="DIR", help="where to write; a former site is replaced")
    site.set_defaults(run=run)


def run(options: argparse.Namespace, project: Path) -> int:
    """Build; the exit code.

    Raises:
        ValueError: if DIR holds something else, or what the site needs is not installed.
    """
    problems = build(project, options.to)
    if problems:
        return report(problems, "The site is not written until this is corrected.")
    print(f"{options.to / 'index.html'}: written")
    return 0
