"""Which texts belong to a test set: a hash decides, so no list of them is needed.

A thirty-second of all sentences, and of all pairs of sentences, belongs to the tests, and as much to dev sets. The
world writes no document that holds one of them; a task draws its examples until it finds enough of its own part. So
the text for pretraining does not depend on the tasks, and no test example can be in it.
"""

from itertools import pairwise
from zlib import crc32

PARTS = ("train", "dev", "test")
OF_32 = {0: "test", 1: "dev"}


def part_of(text: str) -> str:
    """ "test", "dev" or "train"."""
    return OF_32.get(crc32(text.encode()) % 32, "train")


def is_held_out(sentences: list[str]) -> bool:
    """Whether a document has a sentence, or two sentences in a row, that belong to a test or to a dev set."""
    texts = [*sentences, *(f"{first} {second}" for first, second in pairwise(sentences))]
    return any(crc32(text.encode()) % 32 < 2 for text in texts)
