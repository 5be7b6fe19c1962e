"""Assignment 3: mistakes that come together, and what the compiler says."""

import shutil
from pathlib import Path

import pytest

from lectures.grading.grade import grade_exercise
from tests.lectures.assignments.conftest import Submission, symptoms_of

needs_compiler = pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="no C++ compiler")


def test_two_mistakes_at_once_are_both_named(submission: Submission):
    mistakes = ("bias forgotten", "cache offset forgotten")
    verdict = grade_exercise(submission("3.1", *mistakes), "3.1")
    assert set(verdict.symptoms) == symptoms_of("3.1", *mistakes)
    assert verdict.groups == {"scores": False, "causal": False, "padding": True, "edges": True}


@needs_compiler
def test_what_the_compiler_says_reaches_the_student(submission: Submission):
    folder = submission("3.5")
    path = folder / "row_softmax.cu"
    path.write_text(path.read_text().replace("float sum = 0;", "float sum = 0"))
    message = grade_exercise(folder, "3.5").message
    assert "row_softmax.cu:" in message
    assert "error: expected" in message


def test_without_a_compiler_the_grader_says_so(submission: Submission, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = submission("3.5")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "needs a C++ compiler" in grade_exercise(folder, "3.5").message
