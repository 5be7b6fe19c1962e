"""Every assignment: the proof of each exercise, its points, and what its handout holds."""

import shutil
from pathlib import Path

import pytest

from lectures.assignments import ASSIGNMENTS
from lectures.grading.exercise import Assignment
from lectures.grading.folder import write_handout
from lectures.grading.grade import grade
from lectures.grading.leak import leaks
from lectures.grading.proof import prove
from tests.lectures.grading.conftest import PROJECT

HAS_COMPILER = shutil.which("g++") or shutil.which("clang++")
EXERCISES = [
    pytest.param(
        assignment, exercise.number, id=exercise.number,
        marks=pytest.mark.skipif(exercise.number == "3.5" and not HAS_COMPILER, reason="no C++ compiler"),
    )
    for assignment in ASSIGNMENTS
    for exercise in assignment.exercises
]  # fmt: skip


@pytest.mark.parametrize(("assignment", "number"), EXERCISES)
def test_the_stub_the_solution_and_each_mistake_are_graded_as_they_should_be(assignment: Assignment, number: str):
    assert prove(assignment, assignment.exercise(number), PROJECT) == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.name)
def test_a_handout_is_not_written_yet_and_holds_no_answer(assignment: Assignment, tmp_path: Path):
    write_handout(tmp_path, assignment, PROJECT)
    assert leaks(tmp_path, assignment, PROJECT) == {}
    verdicts = grade(tmp_path, assignment)
    assert [verdict.points for verdict in verdicts] == [0] * len(assignment.exercises)
    assert all(verdict.message.startswith("not written yet") for verdict in verdicts)


@pytest.mark.parametrize("assignment", ASSIGNMENTS[1:], ids=lambda assignment: assignment.name)
def test_an_assignment_of_a_week(assignment: Assignment):
    assert sum(exercise.points for exercise in assignment.exercises) == 100
    assert 6 * 60 <= sum(exercise.minutes for exercise in assignment.exercises) <= 10 * 60
    assert any(len(exercise.variants) > 1 for exercise in assignment.exercises)
    page = (PROJECT / assignment.folder / "handout.md").read_text("utf-8")
    assert len(page.split()) <= 3000
    for exercise in assignment.exercises:
        heading = f"({exercise.points} points, {exercise.minutes} minutes)"
        assert [
            line for line in page.splitlines() if line.startswith(f"## {exercise.number} ") and line.endswith(heading)
        ]
        for variant in exercise.variants[:1]:
            assert f"<!-- rule {exercise.number} -->\n{variant.rule}\n<!-- /rule {exercise.number} -->" in page


def test_the_pages_and_walks_that_exercises_name_are_there():
    for exercise in (exercise for assignment in ASSIGNMENTS for exercise in assignment.exercises):
        assert (PROJECT / "lectures" / exercise.page).is_file(), exercise.number
        if exercise.walk.startswith("the stepper"):
            assert (PROJECT / "lectures" / "steppers" / f"{exercise.walk.split('`')[1]}.py").is_file(), exercise.number
        elif exercise.walk:
            assert (PROJECT / exercise.walk).is_file(), exercise.number
