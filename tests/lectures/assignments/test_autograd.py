"""Assignment 1: mistakes that come together, and a library that works around the student's files."""

from lectures.assignments.autograd import ASSIGNMENT
from lectures.grading.grade import grade, grade_exercise
from tests.lectures.assignments.conftest import Submission, symptoms_of


def test_two_mistakes_at_once_are_both_named(submission: Submission):
    mistakes = ("grad overwritten", "graph kept")
    verdict = grade_exercise(submission("1.3", *mistakes), "1.3")
    assert symptoms_of("1.3", *mistakes) <= set(verdict.symptoms)


def test_a_mistake_costs_its_exercise_alone(submission: Submission):
    verdicts = {verdict.number: verdict for verdict in grade(submission("1.2", "oldest first"), ASSIGNMENT)}
    assert set(verdicts.pop("1.2").symptoms) == symptoms_of("1.2", "oldest first")
    assert all(verdict.points == verdict.max_points for verdict in verdicts.values())
