"""Assignment 0: one op with its backward rule, in 15 minutes and without points that count."""

from lectures.assignments.warm_up.e1_softplus import SOFTPLUS
from lectures.grading.exercise import Assignment

ASSIGNMENT = Assignment(number=0, name="warm_up", title="Warm-up: one op with its rule", exercises=(SOFTPLUS,))
