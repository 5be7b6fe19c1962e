"""Assignment 2: learning merges, encoding, bytes, the fast way to learn, and WordPiece."""

from lectures.assignments.tokenizers.e1_learn_merges import LEARN_MERGES
from lectures.assignments.tokenizers.e2_encoding import ENCODING
from lectures.assignments.tokenizers.e3_byte_level import BYTE_LEVEL
from lectures.assignments.tokenizers.e4_incremental import INCREMENTAL
from lectures.assignments.tokenizers.e5_wordpiece import WORDPIECE
from lectures.grading.exercise import Assignment

ASSIGNMENT = Assignment(
    number=2,
    name="tokenizers",
    title="Tokenizers",
    exercises=(LEARN_MERGES, ENCODING, BYTE_LEVEL, INCREMENTAL, WORDPIECE),
)
