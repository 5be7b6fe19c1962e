"""Assignment 3: attention, its cache, and a Numba and a CUDA kernel."""

from lectures.assignments.transformer.e1_attention import ATTENTION
from lectures.assignments.transformer.e2_attention_backward import ATTENTION_BACKWARD
from lectures.assignments.transformer.e3_heads import HEADS
from lectures.assignments.transformer.e6_cache import CACHE
from lectures.grading.exercise import Assignment

ASSIGNMENT = Assignment(
    number=3,
    name="transformer",
    title="Attention and the Transformer",
    exercises=(ATTENTION, ATTENTION_BACKWARD, HEADS, CACHE),
)
