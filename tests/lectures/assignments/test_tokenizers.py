"""Assignment 2: the proof of each exercise, what the handout holds, and how work is counted."""

from pathlib import Path

import pytest

from lectures.assignments.tokenizers import ASSIGNMENT
from lectures.assignments.tokenizers.e4_incremental import MANY_WORDS, learnt_from_arrays, many_words
from lectures.assignments.tokenizers.merging_by_hand import learnt
from lectures.grading.exercise import Exercise
from lectures.grading.folder import chosen_variants, sources, with_mistake, write_code, write_handout
from lectures.grading.grade import grade, grade_exercise
from lectures.grading.leak import leaks
from lectures.grading.proof import prove
from minigrad.random import generator
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
    assert [verdict.points for verdict in verdicts] == [0] * 5
    assert all(verdict.message.startswith("not written yet") for verdict in verdicts)


def submission(folder: Path, number: str, *mistakes: str) -> Path:
    """The solution with these mistakes."""
    exercise = ASSIGNMENT.exercise(number)
    write_handout(folder, ASSIGNMENT, PROJECT)
    texts = sources(ASSIGNMENT, PROJECT, {})
    for mistake in exercise.mistakes:
        if mistake.name in mistakes:
            texts = with_mistake(texts, exercise, mistake, PROJECT)
    write_code(folder, ASSIGNMENT, PROJECT, texts)
    return folder
