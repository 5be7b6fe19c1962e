"""Points and a message for each exercise in a student's folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lectures.grading.comparing import judged, right, show
from lectures.grading.exercise import Assignment, Case, Exercise
from lectures.grading.explaining import Symptom, explain, mistaken_outputs
from lectures.grading.folder import FolderError, assignment_of, chosen_variants, hidden_seed, place, variants_in
from lectures.grading.runner import Stubbed, run
from lectures.grading.stubs import file_of, not_written

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Verdict:
    """What the grader says of an exercise.

    Attributes:
        number: of the exercise.
        title: of the exercise.
        points: the share of the groups of cases in which every case is right, rounded down.
        max_points: all points of the exercise.
        groups: each group, and whether all its cases are right.
        message: the first example that differs, in words; what it may come from; where to read.
        symptoms: the known mistakes that explain the outputs.
        seconds: the time of the student's calls.
        megabytes: the most memory that they held.
        failing: the first case that differs, for `examples.py`; None if none does.
    """

    number: str
    title: str
    points: int
    max_points: int
    groups: dict[str, bool]
    message: str
    symptoms: tuple[str, ...] = ()
    seconds: float = 0.0
    megabytes: int = 0
    failing: Case | None = field(default=None, repr=False)


# The outputs of known mistakes, which are the same for every submission of a class.
Known = dict[tuple[str, int, str], dict[str, list[Any]]]


def grade(
    folder: Path, assignment: Assignment, *, key: str = "", numbers: Iterable[str] = (), ours: Iterable[str] = (),
    known: Known | None = None, project: Path = PROJECT,
) -> list[Verdict]:  # fmt: skip
    """Grade the exercises of an assignment.

    Args:
        folder: the student's.
        assignment: which one.
        key: the course's, which decides the hidden seed and the variants; without one the checks are the public ones.
        numbers: the exercises to grade, all by default.
        ours: numbers of assignments whose files are passed over: the library's take their place.
        known: keeps what known mistakes give, over several calls.
        project: the folder that holds the library.

    Raises:
        FolderError: if the folder is not that of a handout, or its variants are not those of the key.
        ValueError: if there is no such exercise or assignment.
    """
    variants = variants_in(folder, assignment)
    if key and variants != chosen_variants(key, assignment):
        raise FolderError(f"{folder}: its handout was not made with this key; the variants differ")
    exercises = [assignment.exercise(number) for number in numbers] or list(assignment.exercises)
    seed = hidden_seed(key, assignment)
    without = passed_over(ours, assignment, project)
    table = {} if known is None else known
    return [_grade(folder, assignment, one, seed, variants, without, table, project) for one in exercises]


def grade_exercise(folder: Path, number: str, project: Path = PROJECT) -> Verdict:
    """Grade one exercise with the public checks."""
    return grade(folder, assignment_of(number), numbers=[number], project=project)[0]


def passed_over(ours: Iterable[str], assignment: Assignment, project: Path) -> list[str]:
    """The files of the handouts of these assignments, but for those that the graded one hands out too.

    Raises:
        ValueError: if there is no such assignment, or it is the graded one.
    """
    files: set[str] = set()
    for number in ours:
        other = assignment_of(number)
        if other is assignment:
            raise ValueError(f"expected --ours to name another assignment than the graded one, got {number}")
        files |= handed_out(other, project)
    return sorted(files - handed_out(assignment, project))


def handed_out(assignment: Assignment, project: Path) -> set[str]:
    """The paths of the files that a student edits, in the student's folder."""
    symbols = [stub.symbol for exercise in assignment.exercises for stub in exercise.stubs]
    return {place(file_of(symbol, project)[0], assignment) for symbol in symbols}


def make_cases(exercise: Exercise, seed: int, variants: Mapping[str, str]) -> list[Case]:
    """The cases of a seed. Each exercise has its own generator, so that they do not depend on each other."""
    digits = [int(part) for part in exercise.number.split(".")]
    variant = variants.get(exercise.number, exercise.public_variant)
    return list(exercise.cases(np.random.default_rng([seed, *digits]), variant))


def _grade(
    folder: Path, assignment: Assignment, exercise: Exercise, seed: int, variants: Mapping[str, str],
    without: Sequence[str], known: Known, project: Path,
) -> Verdict:  # fmt: skip
    cases = make_cases(exercise, seed, variants)
    groups = dict.fromkeys((case.group for case in cases), True)
    if stub := unwritten_cuda(folder, assignment, exercise, project):
        return _not_written(exercise, groups, stub)
    result = run(folder, assignment, exercise, cases, project, without=without)
    outputs = [judged(case, output) for case, output in zip(cases, result.outputs, strict=True)]
    failing = [i for i, case in enumerate(cases) if not right(case, outputs[i])]
    stubs = [output.text for output in outputs if isinstance(output, Stubbed)]
    if stubs and len(stubs) == len(failing):
        return _not_written(exercise, groups, stubs[0])
    for i in failing:
        groups[cases[i].group] = False
    symptoms: list[Symptom] = []
    message = f"all {len(cases)} examples are right"
    if failing:
        at = (exercise.number, seed, variants.get(exercise.number, ""))
        if at not in known:
            known[at] = mistaken_outputs(assignment, exercise, cases, variants, project)
        symptoms = explain(cases, outputs, known[at])
        message = explanation(exercise, cases, outputs, failing, symptoms)
    return Verdict(
        exercise.number, exercise.title, exercise.points * sum(groups.values()) // len(groups), exercise.points, groups,
        message, tuple(symptom.text for symptom in symptoms), result.seconds, result.megabytes,
        cases[failing[0]] if failing else None,
    )  # fmt: skip


def _not_written(exercise: Exercise, groups: dict[str, bool], stub: str) -> Verdict:
    nothing = dict.fromkeys(groups, False)
    return Verdict(exercise.number, exercise.title, 0, exercise.points, nothing, f"not written yet ({stub})")


def unwritten_cuda(folder: Path, assignment: Assignment, exercise: Exercise, project: Path) -> str:
    """What a stub in a CUDA file says, if it is still there. Python's stubs speak for themselves."""
    for stub in exercise.stubs:
        file = file_of(stub.symbol, project)[0]
        path = folder / place(file, assignment)
        if not file.endswith(".cu"):
            continue
        if not path.is_file():
            return f"{place(file, assignment)} is not in your folder"
        if not_written(exercise.number) in path.read_text(encoding="utf-8", errors="replace"):
            return not_written(exercise.number)
    return ""


def explanation(
    exercise: Exercise, cases: Sequence[Case], outputs: Sequence[Any], failing: Sequence[int],
    symptoms: Sequence[Symptom],
) -> str:  # fmt: skip
    """The first example that differs, what the outputs come from if that is known, and where to read."""
    first = failing[0]
    how_many = f"{len(failing)} of {len(cases)} examples {'differs' if len(failing) == 1 else 'differ'}"
    lines = [
        f"{how_many}. The first, example {first + 1}, shows {cases[first].shows}:",
        f"  expected {show(cases[first].expected)}",
        f"  got      {show(outputs[first])}",
    ]
    for symptom in symptoms:
        if symptom.exact:
            lines.append(f"This is what comes out if {symptom.text}.")
        else:
            numbers = ", ".join(str(i + 1) for i in symptom.cases)
            lines.append(
                f"In example{'s' if len(symptom.cases) > 1 else ''} {numbers} it comes out as if {symptom.text}."
            )
    lines.append(f"Read: lectures/{exercise.page}" + (f"; step: {exercise.walk}" if exercise.walk else ""))
    return "\n".join(lines)
