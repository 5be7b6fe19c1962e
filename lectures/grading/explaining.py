"""Which known mistakes give the same wrong outputs.

The mistakes of an exercise are run with the same cases as the student's code. If one of them gives the same output in
every case, that is the mistake. If none does, there may be several at once: then those are named that give the same
wrong output in some case, as few as explain the most cases.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lectures.grading.comparing import judged, right, same
from lectures.grading.exercise import Assignment, Case, Exercise
from lectures.grading.folder import sources, with_mistake, write_code
from lectures.grading.runner import run, withheld

ANOTHER_RULE = "the public course's rule is followed, which is not that of your handout"


@dataclass(frozen=True)
class Symptom:
    """A mistake that explains outputs.

    Attributes:
        text: what is wrong.
        cases: the numbers of the cases that it explains, counted from 0.
        exact: whether it explains the output of every case.
    """

    text: str
    cases: tuple[int, ...]
    exact: bool


def mistaken_outputs(
    assignment: Assignment, exercise: Exercise, cases: Sequence[Case], variants: Mapping[str, str], project: Path
) -> dict[str, list[Any]]:
    """The judged outputs of each known mistake, by its symptom. Two processes run at once."""
    wrong = {}
    solved = sources(assignment, project, variants)
    for mistake in exercise.mistakes:
        try:
            wrong[mistake.symptom] = with_mistake(solved, exercise, mistake, project)
        except ValueError:
            if variants.get(exercise.number, exercise.public_variant) == exercise.public_variant:
                raise
            # The text of this mistake is not in the solution of this variant.
    if variants.get(exercise.number, exercise.public_variant) != exercise.public_variant:
        wrong[ANOTHER_RULE] = sources(assignment, project, {})

    withheld(assignment, project)  # here, because Python's parser may fail if two threads use it at once

    def outputs(texts: dict[str, str]) -> list[Any]:
        with tempfile.TemporaryDirectory() as name:
            write_code(Path(name), assignment, project, texts)
            given = run(Path(name), assignment, exercise, cases, project).outputs
        return [judged(case, output) for case, output in zip(cases, given, strict=True)]

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(wrong, pool.map(outputs, wrong.values()), strict=True))


def explain(cases: Sequence[Case], outputs: Sequence[Any], mistakes: Mapping[str, Sequence[Any]]) -> list[Symptom]:
    """The symptoms of judged outputs; none if every output is right, or no known mistake gives such an output."""
    failing = [i for i, case in enumerate(cases) if not right(case, outputs[i])]
    if not failing:
        return []
    equal = {
        symptom: {i for i, case in enumerate(cases) if same(outputs[i], known[i], case.tolerance, equal_nan=True)}
        for symptom, known in mistakes.items()
    }
    for symptom, where in equal.items():
        if len(where) == len(cases):
            return [Symptom(symptom, tuple(failing), exact=True)]
    symptoms: list[Symptom] = []
    open_cases = set(failing)
    while open_cases:
        symptom = max(equal, key=lambda one: len(equal[one] & open_cases), default="")
        explained = equal.get(symptom, set()) & open_cases
        if not explained:
            break
        symptoms.append(Symptom(symptom, tuple(sorted(explained)), exact=False))
        open_cases -= explained
    return symptoms
