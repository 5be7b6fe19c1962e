"""The command line: `python -m lectures check | refresh | walk check | walk refresh`.

Exit codes: 0 if every page is right; 1 if one is not; 2 if the command line is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lectures.build import concepts, snippets, walking

PROJECT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None, project: Path = PROJECT) -> int:
    """Do what the command line says; the exit code."""
    top = argparse.ArgumentParser(prog="python -m lectures", description="Keeps the pages of the course true.")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "check", help="compare the blocks that quote code with the source, and the map with concepts.toml"
    )
    commands.add_parser("refresh", help="quote the source of today, and write the map")
    walk = commands.add_parser("walk", help="replay debugger sessions")
    walk.add_argument("action", choices=["check", "refresh"], help="compare with the pages, or rewrite them")
    walk.add_argument("names", nargs="*", metavar="NAME", help="walks (all, if none is named)")
    options = top.parse_args(arguments)

    if options.command == "check":
        return _report(
            snippets.check(project) + concepts.check(project), "To bring them up to date: python -m lectures refresh"
        )
    if options.command == "refresh":
        changed, wrong = snippets.refresh(project)
        with_map, problems = concepts.refresh(project)
        for path in changed + with_map:
            print(f"{path.relative_to(project).as_posix()}: written")
        return _report(wrong + problems, "These need to be corrected by hand.")
    try:
        paths = walking.pages(project, options.names)
    except ValueError as error:
        top.error(str(error))
    if options.action == "check":
        wrong = [problem for path in paths for problem in walking.check(path, project)]
        return _report(wrong, "To record them again: python -m lectures walk refresh")
    wrong = [problem for path in paths for problem in _record(path, project)]
    return _report(wrong, "These need to be corrected by hand.")


def _record(path: Path, project: Path) -> list[str]:
    """Record a walk again; why it cannot be, if so."""
    name = path.relative_to(project).as_posix()
    try:
        print(f"{name}: {'written' if walking.refresh(path, project) else 'up to date'}")
    except walking.WalkError as error:
        return [f"{name}, {error}"]
    return []


def _report(problems: list[str], advice: str) -> int:
    """Print what is wrong, and what helps; the exit code."""
    for line in [*problems, advice] if problems else ["Nothing differs."]:
        print(line)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
