"""QNLI: does a sentence answer a question?

train.tsv, dev.tsv: index, question, sentence, label
test.tsv: index, question, sentence
"""

import os

from experiments.text.readers.examples import Examples, LabelledText
from experiments.text.readers.lines import split_file
from experiments.text.readers.tsv import SPLITS, labelled_texts

LABELS = ("entailment", "not_entailment")
"""It has the answer, it does not."""


def read(folder: str | os.PathLike[str], split: str) -> Examples[LabelledText]:
    """The examples of one split: train, dev, or test (without labels). The question is the first text.

    Raises:
        ValueError: if there is no such split.
        DataError: if its file is missing or damaged.
    """
    label = None if split == "test" else "label"
    return Examples(labelled_texts(split_file(folder, split, SPLITS), ["question", "sentence"], label, LABELS))
