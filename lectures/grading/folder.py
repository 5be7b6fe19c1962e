"""The files of a handout, and what a student's folder says about itself.

A handout holds the few files that the student edits, at the path that they have in the project. Files of the
assignment's `solution/` are at its top. `handout.json` says which assignments were unpacked, and by which rules:

    {"assignments": {"2": {"2.1": "greatest"}}}
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from experiments.evidence.errors import ExperimentError
from experiments.evidence.markers import with_content
from lectures.assignments import ASSIGNMENTS
from lectures.grading.exercise import Assignment, Exercise, Mistake
from lectures.grading.stubs import edited, emptied, file_of
from minigrad.files import read_text, write_text

ABOUT = "handout.json"
PUBLIC_SEED = 0
_LINK = re.compile(r"\[([^\]]*)\]\(\.\.?/[^)]*\)")
TEST = '''"""The checks of assignment {number} as tests. `python -m lectures grade .` says the same, with points."""

from pathlib import Path

import pytest

from lectures.grading.grade import grade_exercise


@pytest.mark.parametrize("number", [{numbers}])
def test_exercise(number: str) -> None:
    verdict = grade_exercise(Path(__file__).parent, number)
    assert verdict.points == verdict.max_points, verdict.message
'''


class FolderError(ValueError):
    """A folder that is not what a command needs."""


def assignment_of(number: int | str) -> Assignment:
    """The assignment of a number, or that of an exercise's number such as "1.2".

    Raises:
        ValueError: if there is none.
    """
    for assignment in ASSIGNMENTS:
        if str(assignment.number) == str(number).split(".")[0]:
            return assignment
    known = ", ".join(str(assignment.number) for assignment in ASSIGNMENTS)
    raise ValueError(f"there is no assignment {str(number).split('.')[0]}; the assignments: {known}")


# -- what a course's key decides --------------------------------------------------------------------


def hidden_seed(key: str, assignment: Assignment) -> int:
    """The seed with which a course grades; that of the public checks for an empty key."""
    return _number(f"seed {assignment.name} {key}") if key else PUBLIC_SEED


def chosen_variants(key: str, assignment: Assignment) -> dict[str, str]:
    """The variant of each exercise that has any; the public ones for an empty key."""
    return {
        one.number: one.variants[_number(f"variant {one.number} {key}") % len(one.variants) if key else 0].name
        for one in assignment.exercises
        if one.variants
    }


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


# -- the files --------------------------------------------------------------------------------------


def place(file: str, assignment: Assignment) -> str:
    """Where a file of the project is in the student's folder."""
    return file.removeprefix(f"{assignment.folder}/solution/")


def sources(assignment: Assignment, project: Path, variants: Mapping[str, str]) -> dict[str, str]:
    """The files that hold the functions to write, solved, by their path in the project."""
    texts: dict[str, str] = {}
    for exercise in assignment.exercises:
        for stub in exercise.stubs:
            file, _ = file_of(stub.symbol, project)
            texts.setdefault(file, read_text(project / file))
        chosen = exercise.variant(variants.get(exercise.number, exercise.public_variant))
        for symbol, old, new in chosen.edits if chosen else ():
            file, name = file_of(symbol, project)
            texts[file] = edited(texts[file], file, name, old, new)
    return texts


def with_stubs(texts: Mapping[str, str], exercises: Iterable[Exercise], project: Path) -> dict[str, str]:
    """The same files with the functions of these exercises emptied."""
    stubbed = dict(texts)
    for exercise in exercises:
        # Functions inside of others come first: after their owner is emptied, they are gone.
        for stub in sorted(exercise.stubs, key=lambda stub: -stub.symbol.count(".")):
            file, name = file_of(stub.symbol, project)
            stubbed[file] = emptied(stubbed[file], file, name, exercise.number, stub.keep)
    return stubbed


def with_mistake(texts: Mapping[str, str], exercise: Exercise, mistake: Mistake, project: Path) -> dict[str, str]:
    """The same files with one mistake in them.

    Raises:
        ValueError: unless the text that it replaces occurs exactly once.
    """
    file, name = file_of(mistake.symbol or exercise.stubs[0].symbol, project)
    return {**texts, file: edited(texts[file], file, name, mistake.old, mistake.new)}


def write_code(folder: Path, assignment: Assignment, project: Path, texts: Mapping[str, str]) -> None:
    """Write the student's files and the adapters into a folder."""
    for file, text in texts.items():
        path = folder / place(file, assignment)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    write_text(folder / f"{assignment.adapters}.py", read_text(project / assignment.folder / "adapters.py"))


def write_handout(folder: Path, assignment: Assignment, project: Path, key: str = "") -> list[Path]:
    """Write the handout of an assignment into a folder, which may hold those of other weeks; the files written.

    Raises:
        FolderError: if one of the files is there already: nothing is overwritten.
    """
    variants = chosen_variants(key, assignment)
    texts = with_stubs(sources(assignment, project, variants), assignment.exercises, project)
    files = {place(file, assignment): text for file, text in texts.items()}
    files[f"{assignment.adapters}.py"] = read_text(project / assignment.folder / "adapters.py")
    files[f"handout_{assignment.number}.md"] = handout_page(assignment, project, variants)
    files["AGENTS.md"] = read_text(project / "lectures" / "assignments" / "AGENTS.md")
    numbers = ", ".join(f'"{exercise.number}"' for exercise in assignment.exercises)
    files[f"test_assignment_{assignment.number}.py"] = TEST.format(number=assignment.number, numbers=numbers)
    about = _read_about(folder) if (folder / ABOUT).is_file() else {}
    if about:
        del files["AGENTS.md"]  # the same in every week
    there = sorted(name for name in files if (folder / name).exists())
    if there:
        raise FolderError(f"{folder} already has {', '.join(there)}; expected a folder without them, to keep your work")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_text(folder / name, text)
    about[str(assignment.number)] = variants
    write_text(folder / ABOUT, json.dumps({"assignments": about}, indent=2) + "\n")
    return sorted(folder / name for name in [*files, ABOUT])


def handout_page(assignment: Assignment, project: Path, variants: Mapping[str, str]) -> str:
    """The page of an assignment with the rules of these variants.

    Links to files of the project become plain text, because the page moves. The page marks the sentence of a rule:
    `<!-- rule 2.1 -->` above it, `<!-- /rule 2.1 -->` below.

    Raises:
        FolderError: if a mark is missing.
    """
    name = f"{assignment.folder}/handout.md"
    page = _LINK.sub(r"\1", read_text(project / name))
    for number, chosen in variants.items():
        variant = assignment.exercise(number).variant(chosen)
        assert variant is not None
        try:
            page = with_content(page, name, f"rule {number}", variant.rule)
        except ExperimentError as error:
            raise FolderError(str(error)) from None
    return page


# -- a student's folder -----------------------------------------------------------------------------


def assignments_in(folder: Path) -> list[Assignment]:
    """The assignments whose handout was unpacked into a folder, in order.

    Raises:
        FolderError: if it is not the folder of a handout.
    """
    return sorted((assignment_of(number) for number in _read_about(folder)), key=lambda one: one.number)


def variants_in(folder: Path, assignment: Assignment) -> dict[str, str]:
    """The variants by which the handout in a folder was made.

    Raises:
        FolderError: if the folder has no handout of this assignment, or names a variant that there is not.
    """
    about = _read_about(folder)
    if str(assignment.number) not in about:
        raise FolderError(f"{folder} has no handout of assignment {assignment.number}, only {', '.join(about)}")
    variants = about[str(assignment.number)]
    wanted = chosen_variants("", assignment)
    try:
        if variants.keys() != wanted.keys():
            raise ValueError(f"expected variants of {', '.join(wanted) or 'none'}, got {', '.join(variants) or 'none'}")
        for number, name in variants.items():
            assignment.exercise(number).variant(name)
    except ValueError as error:
        raise FolderError(f"{folder / ABOUT}: {error}") from None
    return variants


def _read_about(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / ABOUT
    if not path.is_file():
        raise FolderError(f"{folder} is not the folder of a handout: it has no {ABOUT}")
    try:
        found = json.loads(read_text(path))["assignments"]
        if not isinstance(found, dict) or not found:
            raise TypeError("expected at least one assignment")
        for number, variants in found.items():
            assignment_of(number)
            if not isinstance(variants, dict):
                raise TypeError(f"expected the variants of assignment {number}")
    except (ValueError, TypeError, KeyError) as error:
        raise FolderError(f"{path} is damaged: {error}") from None
    return found
