"""The proof that an exercise works: its stub, its solution and each of its mistakes are graded.

- The stub fails as "not written yet".
- The solution is right on twenty seeds, in every variant.
- It is right while every other exercise of the assignment is still a stub: no exercise needs another one.
- Each mistake is noticed, and named: no other mistake gives the same outputs.
- A course with another rule notices the public solution.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from lectures.grading.comparing import judged, right, show
from lectures.grading.exercise import Assignment, Case, Exercise
from lectures.grading.explaining import ANOTHER_RULE, explain, mistaken_outputs
from lectures.grading.folder import PUBLIC_SEED, sources, with_stubs, write_code
from lectures.grading.grade import make_cases, unwritten_cuda
from lectures.grading.runner import Stubbed, run
from lectures.grading.stubs import not_written

SEEDS = 20
FEWEST_MISTAKES = 5
MOST_SHOWN = 3


def prove(assignment: Assignment, exercise: Exercise, project: Path, seeds: int = SEEDS) -> list[str]:
    """What does not hold, in words. Empty if the exercise works."""
    problems = []
    if len(exercise.mistakes) < FEWEST_MISTAKES:
        problems.append(f"expected at least {FEWEST_MISTAKES} mistakes, there are {len(exercise.mistakes)}")
    symptoms = [mistake.symptom for mistake in exercise.mistakes]
    if len(set(symptoms)) < len(symptoms):
        problems.append("two mistakes have the same symptom")
    problems += _stub(assignment, exercise, project) + _alone(assignment, exercise, project)
    for name in [variant.name for variant in exercise.variants] or [""]:
        problems += _solution(assignment, exercise, project, name, seeds)
        if name == exercise.public_variant:
            problems += _mistakes(assignment, exercise, project)
        else:
            problems += _public_solution(assignment, exercise, project, name)
    return problems


def _run(
    assignment: Assignment, exercise: Exercise, project: Path, texts: dict[str, str], cases: list[Case], limit: float
) -> list[Any]:
    with tempfile.TemporaryDirectory() as name:
        write_code(Path(name), assignment, project, texts)
        return run(Path(name), assignment, exercise, cases, project, limit=limit).outputs


def _stub(assignment: Assignment, exercise: Exercise, project: Path) -> list[str]:
    stubbed = with_stubs(sources(assignment, project, {}), assignment.exercises, project)
    cases = make_cases(exercise, PUBLIC_SEED, {})
    with tempfile.TemporaryDirectory() as name:
        write_code(Path(name), assignment, project, stubbed)
        if unwritten_cuda(Path(name), assignment, exercise, project):
            return []
        outputs = run(Path(name), assignment, exercise, cases, project).outputs
    expected = Stubbed(not_written(exercise.number))
    return [
        f"the stub: in the case {case.shows!r} it does not say {expected.text!r} but {show(output)}"
        for case, output in zip(cases, outputs, strict=True)
        if output != expected
    ]


def _alone(assignment: Assignment, exercise: Exercise, project: Path) -> list[str]:
    others = [other for other in assignment.exercises if other is not exercise]
    texts = with_stubs(sources(assignment, project, {}), others, project)
    cases = make_cases(exercise, PUBLIC_SEED, {})
    outputs = _run(assignment, exercise, project, texts, cases, exercise.seconds)
    return _wrong("the solution without those of the other exercises", cases, outputs)


def _solution(assignment: Assignment, exercise: Exercise, project: Path, variant: str, seeds: int) -> list[str]:
    variants = {exercise.number: variant} if variant else {}
    # One process answers the cases of all seeds.
    cases = [case for seed in range(seeds) for case in make_cases(exercise, seed, variants)]
    limit = seeds * exercise.seconds
    outputs = _run(assignment, exercise, project, sources(assignment, project, variants), cases, limit)
    return _wrong(f"the solution{f' of the variant {variant}' if variant else ''}", cases, outputs)


def _wrong(label: str, cases: list[Case], outputs: list[Any]) -> list[str]:
    """What is wrong with the outputs of what should be right: the first cases, and how many there are."""
    wrong = [
        f"{label} is wrong in the case {case.shows!r}: expected {show(case.expected)}, got {show(got)}"
        for case, output in zip(cases, outputs, strict=True)
        if not right(case, got := judged(case, output))
    ]
    return wrong[:MOST_SHOWN] + [f"{label} is wrong in {len(wrong)} of {len(cases)} cases"] * (len(wrong) > MOST_SHOWN)


def _mistakes(assignment: Assignment, exercise: Exercise, project: Path) -> list[str]:
    cases = make_cases(exercise, PUBLIC_SEED, {})
    known = mistaken_outputs(assignment, exercise, cases, {}, project)
    problems = []
    for mistake in exercise.mistakes:
        outputs = known[mistake.symptom]
        if all(right(case, output) for case, output in zip(cases, outputs, strict=True)):
            problems.append(f"the mistake {mistake.name!r} is not noticed")
            continue
        equal = [other for other in known if _exact(cases, outputs, known[other])]
        if equal != [mistake.symptom]:
            problems.append(f"the mistake {mistake.name!r} cannot be told from: {', '.join(equal)}")
    return problems


def _exact(cases: list[Case], outputs: list[Any], other: list[Any]) -> bool:
    symptoms = explain(cases, outputs, {"other": other})
    return bool(symptoms) and symptoms[0].exact


def _public_solution(assignment: Assignment, exercise: Exercise, project: Path, variant: str) -> list[str]:
    variants = {exercise.number: variant}
    cases = make_cases(exercise, PUBLIC_SEED, variants)
    known = mistaken_outputs(assignment, exercise, cases, variants, project)
    symptoms = explain(cases, known[ANOTHER_RULE], known)
    if not symptoms:
        return [f"the public solution is right in the variant {variant}"]
    named = [symptom.text for symptom in symptoms]
    return [] if named == [ANOTHER_RULE] else [f"the public solution in the variant {variant} is named {named}"]
