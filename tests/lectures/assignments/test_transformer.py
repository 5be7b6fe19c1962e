"""Assignment 3: the proof of each exercise, and what the handout holds."""

import shutil
from pathlib import Path

import pytest

from lectures.assignments.transformer import ASSIGNMENT
from lectures.grading.exercise import Exercise
from lectures.grading.folder import sources, with_mistake, write_code, write_handout
from lectures.grading.grade import grade, grade_exercise
from lectures.grading.leak import leaks
from lectures.grading.proof import prove
from tests.lectures.grading.conftest import PROJECT

needs_compiler = pytest.mark.skipif(
    shutil.which("g++") is None and shutil.which("clang++") is None, reason="no C++ compiler"
)


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handout")
    write_handout(folder, ASSIGNMENT, PROJECT)
    return folder


@pytest.mark.parametrize(
    "exercise",
    [
        pytest.param(one, id=one.number, marks=needs_compiler if one.number == "3.5" else ())
        for one in ASSIGNMENT.exercises
    ],
)
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
    exercise = ASSIGNMENT.exercise("3.1")
    write_handout(tmp_path, ASSIGNMENT, PROJECT)
    texts = sources(ASSIGNMENT, PROJECT, {})
    by_name = {mistake.name: mistake for mistake in exercise.mistakes}
    for name in ("bias forgotten", "cache offset forgotten"):
        texts = with_mistake(texts, exercise, by_name[name], PROJECT)
    write_code(tmp_path, ASSIGNMENT, PROJECT, texts)
    verdict = grade_exercise(tmp_path, "3.1")
    assert set(verdict.symptoms) == {by_name["bias forgotten"].symptom, by_name["cache offset forgotten"].symptom}
    assert verdict.groups == {"scores": False, "causal": False, "padding": True, "edges": True}


@needs_compiler
def test_what_the_compiler_says_reaches_the_student(tmp_path: Path):
    write_handout(tmp_path, ASSIGNMENT, PROJECT)
    texts = sources(ASSIGNMENT, PROJECT, {})
    file = "lectures/assignments/transformer/solution/row_softmax.cu"
    write_code(tmp_path, ASSIGNMENT, PROJECT, {**texts, file: texts[file].replace("float sum = 0;", "float sum = 0")})
    message = grade_exercise(tmp_path, "3.5").message
    assert "row_softmax.cu:" in message
    assert "error: expected" in message


def test_without_a_compiler_the_grader_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_handout(tmp_path, ASSIGNMENT, PROJECT)
    write_code(tmp_path, ASSIGNMENT, PROJECT, sources(ASSIGNMENT, PROJECT, {}))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "needs a C++ compiler" in grade_exercise(tmp_path, "3.5").message
