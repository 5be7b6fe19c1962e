"""RTE: does the first text entail the second?

train.tsv, dev.tsv: index, sentence1, sentence2, label
test.tsv: index, sentence1, sentence2
"""

import os

from experiments.text.readers.examples import Examples, LabelledText
from experiments.text.readers.lines import split_file
from experiments.text.readers.tsv import SPLITS, labelled_texts

LABELS = ("entailment", "not_entailment")


def read(folder: str | os.PathLike[str], split: str) -> Examples[LabelledText]:
    """The examples of one split: train, dev, or test (without labels).

    Raises:
        ValueError: if there is no such split.
        DataError: if its file is missing or damaged.
    """
    label = None if split == "test" else "label"
    return Examples(labelled_texts(split_file(folder, split, SPLITS), ["sentence1", "sentence2"], label, LABELS))
