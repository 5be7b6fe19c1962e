"""`class DIRS`: the points of every submission, and how often each symptom occurs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lectures.command.grade import add_course, chosen
from lectures.grading.classes import statistics
from lectures.grading.grade import Known, Verdict, grade


def add(commands: Any) -> None:
    """Describe the arguments to the parser."""
    command = commands.add_parser("class", help="grade many folders, and count the symptoms")
    command.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="a student's folder each")
    command.add_argument("--assignment", metavar="N", help="which one; by default the latest in the first folder")
    add_course(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace, project: Path) -> int:
    """Grade every folder; the exit code, 1 if one could not be graded.

    Raises:
        ValueError: if there is no such assignment, or the first folder is not that of a handout.
    """
    assignment = chosen(options.folders[0], [options.assignment] if options.assignment else [])
    known: Known = {}
    graded: dict[str, list[Verdict]] = {}
    refused: dict[str, str] = {}
    for folder in tqdm(options.folders, unit="folder", disable=not sys.stderr.isatty()):
        try:
            graded[str(folder)] = grade(
                folder, assignment, key=options.key, ours=options.ours, known=known, project=project
            )
        except ValueError as error:  # one damaged folder must not keep the others from being graded
            refused[str(folder)] = str(error)
    print(statistics(graded, refused))
    return 1 if refused else 0
