"""Assignment 1: the tape, its order, backward rules, a loss and an optimizer."""

from lectures.assignments.autograd.e1_unbroadcast import UNBROADCAST
from lectures.assignments.autograd.e2_topological_order import TOPOLOGICAL_ORDER
from lectures.assignments.autograd.e3_backward import BACKWARD
from lectures.assignments.autograd.e4_rules import RULES
from lectures.assignments.autograd.e5_cross_entropy import CROSS_ENTROPY
from lectures.assignments.autograd.e6_adamw import ADAMW
from lectures.grading.exercise import Assignment

ASSIGNMENT = Assignment(
    number=1,
    name="autograd",
    title="Autograd and ops",
    exercises=(UNBROADCAST, TOPOLOGICAL_ORDER, BACKWARD, RULES, CROSS_ENTROPY, ADAMW),
)
