"""Assignment 3: attention, its cache, and a Numba and a CUDA kernel."""

from lectures.assignments.transformer.e1_attention import ATTENTION
from lectures.assignments.transformer.e2_attention_backward import ATTENTION_BACKWARD
from lectures.assignments.transformer.e3_heads import HEADS
from lectures.assignments.transformer.e4_layer_norm import LAYER_NORM
from lectures.assignments.transformer.e5_row_softmax import ROW_SOFTMAX
from lectures.assignments.transformer.e6_cache import CACHE
from lectures.grading.exercise import Assignment

ASSIGNMENT = Assignment(
    number=3,
    name="transformer",
    title="Attention and the Transformer",
    exercises=(ATTENTION, ATTENTION_BACKWARD, HEADS, LAYER_NORM, ROW_SOFTMAX, CACHE),
)
