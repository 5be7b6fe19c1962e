"""SST-2: is a phrase from a film review positive?

train.tsv, dev.tsv: sentence, label
test.tsv: index, sentence
"""

import os

from experiments.text.readers.examples import Examples, LabelledText
from experiments.text.readers.lines import split_file
from experiments.text.readers.tsv import SPLITS, labelled_texts

LABELS = ("0", "1")
"""Negative, positive."""


def read(folder: str | os.PathLike[str], split: str) -> Examples[LabelledText]:
    """The examples of one split: train, dev, or test (without labels).

    Raises:
        ValueError: if there is no such split.
        DataError: if its file is missing or damaged.
    """
    label = None if split == "test" else "label"
    return Examples(labelled_texts(split_file(folder, split, SPLITS), ["sentence"], label, LABELS))
