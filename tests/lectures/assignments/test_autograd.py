"""Assignment 1: the proof of each exercise, and what the handout holds."""

from pathlib import Path

import pytest

from lectures.assignments.autograd import ASSIGNMENT
from lectures.grading.exercise import Exercise
from lectures.grading.folder import sources, with_mistake, write_code, write_handout
from lectures.grading.grade import grade, grade_exercise
from lectures.grading.leak import leaks
from lectures.grading.proof import prove
from tests.lectures.grading.conftest import PROJECT


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handout")
    write_handout(folder, ASSIGNMENT, PROJECT)
    return folder


@pytest.mark.parametrize("exercise", ASSIGNMENT.exercises, ids=lambda exercise: exercise.number)
def test_the_stub_the_solution_and_the_mistakes_are_graded_as_they_should_be(exercise: Exercise):
    assert prove(ASSIGNMENT, exercise, PROJECT) == []


def test_the_points_add_up():
    assert sum(exercise.points for exercise in ASSIGNMENT.exercises) == 100


def test_the_handout_holds_no_answer(handout: Path):
    assert leaks(handout, ASSIGNMENT, PROJECT) == {}


def test_nothing_is_written_yet(handout: Path):
    verdicts = grade(handout, ASSIGNMENT)
    assert [verdict.points for verdict in verdicts] == [0] * 6
    assert all(verdict.message.startswith("not written yet") for verdict in verdicts)


def test_two_mistakes_at_once_are_both_named(tmp_path: Path):
    exercise = ASSIGNMENT.exercise("1.3")
    write_handout(tmp_path, ASSIGNMENT, PROJECT)
    texts = sources(ASSIGNMENT, PROJECT, {})
    by_name = {mistake.name: mistake for mistake in exercise.mistakes}
    for name in ("grad overwritten", "graph kept"):
        texts = with_mistake(texts, exercise, by_name[name], PROJECT)
    write_code(tmp_path, ASSIGNMENT, PROJECT, texts)
    verdict = grade_exercise(tmp_path, "1.3")
    assert {by_name["grad overwritten"].symptom, by_name["graph kept"].symptom} <= set(verdict.symptoms)


def test_the_library_works_around_the_students_files(tmp_path: Path):
    """A training step uses the student's order, and next week's assignment may pass over it."""
    write_handout(tmp_path, ASSIGNMENT, PROJECT)
    texts = sources(ASSIGNMENT, PROJECT, {})
    write_code(tmp_path, ASSIGNMENT, PROJECT, texts)
    path = tmp_path / "minigrad" / "tape.py"
    path.write_text(path.read_text().replace("reverse=True", "reverse=False"))
    verdicts = {verdict.number: verdict for verdict in grade(tmp_path, ASSIGNMENT)}
    assert verdicts["1.2"].symptoms == ("the oldest node comes first, although the walk goes from the root back",)
    assert verdicts["1.1"].points == 15
