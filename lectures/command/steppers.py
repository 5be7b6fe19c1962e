"""`steppers` and `step`: pages that step through our source as a program runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lectures.stepping.building import build
from lectures.stepping.page import heading, notice, page
from lectures.stepping.running import ProgramError, record
from minigrad.files import write_text


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    steppers = commands.add_parser("steppers", help="write the pages that step through our source")
    steppers.add_argument("--to", required=True, type=Path, metavar="DIR", help="the folder for the pages")
    steppers.set_defaults(run=run_steppers)

    step = commands.add_parser(
        "step",
        help="record a program of yours as such a page",
        description="Run a program, and write a page that steps through it and through the library's source. It runs "
        "with the reference kernels, unless it chooses others.",
    )
    step.add_argument("program", type=Path, metavar="PROGRAM", help="a Python file")
    step.add_argument("--to", type=Path, metavar="FILE", help="the page (default: beside the program, .html for .py)")
    step.add_argument(
        "--watch",
        nargs="+",
        default=[],
        metavar="PATH",
        help="what to step into: FILE, FOLDER or FILE::FUNCTION (default: minigrad models tokenizer)",
    )
    step.add_argument("--max-steps", type=int, default=2000, metavar="N", help="then stop the program (default: 2000)")
    step.set_defaults(run=run_step)


def run_steppers(options: argparse.Namespace, project: Path) -> int:
    """Write all pages; the exit code."""
    try:
        paths = build(project, options.to)
    except OSError as error:
        return _cannot_write(options.to, error)
    print(f"{len(paths)} pages written. Begin with {options.to / 'index.html'}")
    return 0


def run_step(options: argparse.Namespace, project: Path) -> int:
    """Record one program; the exit code, 1 if it fails. What was recorded by then is still written.

    Raises:
        ValueError: if the program is not there, or an argument is wrong.
    """
    program, path = options.program, options.to or options.program.with_suffix(".html")
    if path.resolve() == program.resolve():
        raise ValueError(f"--to must not be the program itself, got {path}")
    try:
        recording = record(program, project, options.watch, options.max_steps)
    except ProgramError as error:
        print(error)
        return 1
    if not recording.steps:
        print(f"{program} has no line that runs, so there is nothing to step through.")
        return 1
    try:
        write_text(path, page(recording, *heading(program)))
    except OSError as error:
        return _cannot_write(path, error)
    print(f"{path}: {len(recording.steps)} steps, {round(path.stat().st_size / 1000)} KB")
    if said := notice(recording):
        print(said)
    return 1 if recording.error else 0


def _cannot_write(path: Path, error: OSError) -> int:
    print(f"{path} cannot be written: {error.strerror or error}")
    return 1
