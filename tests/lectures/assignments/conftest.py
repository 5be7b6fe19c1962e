"""Submissions made of the solution and of known mistakes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lectures.grading.exercise import Assignment
from lectures.grading.folder import assignment_of, sources, with_mistake, write_code, write_handout
from tests.lectures.grading.conftest import PROJECT

Submission = Callable[..., Path]


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    """`submission("1.3", "a mistake", "another")`: all solved, with these mistakes in exercise 1.3."""

    def write(number: str, *mistakes: str) -> Path:
        assignment: Assignment = assignment_of(number)
        exercise = assignment.exercise(number)
        write_handout(tmp_path, assignment, PROJECT)
        texts = sources(assignment, PROJECT, {})
        for mistake in exercise.mistakes:
            if mistake.name in mistakes:
                texts = with_mistake(texts, exercise, mistake, PROJECT)
        write_code(tmp_path, assignment, PROJECT, texts)
        return tmp_path

    return write


def symptoms_of(number: str, *mistakes: str) -> set[str]:
    """What the grader says of these mistakes."""
    exercise = assignment_of(number).exercise(number)
    found = {mistake.symptom for mistake in exercise.mistakes if mistake.name in mistakes}
    assert len(found) == len(mistakes)
    return found
