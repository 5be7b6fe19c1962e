"""MNLI: does the first sentence entail the second, contradict it, or neither?

Matched: the genres of the training set. Mismatched: other genres.

train.tsv, dev_matched.tsv, dev_mismatched.tsv: sentence1, sentence2, gold_label, and parses, genre, label1 …
test_matched.tsv, test_mismatched.tsv: the same without labels
"""

import os

from experiments.text.readers.examples import Examples, LabelledText
from experiments.text.readers.lines import split_file
from experiments.text.readers.tsv import labelled_texts

SPLITS = {
    split: f"{split}.tsv" for split in ("train", "dev_matched", "dev_mismatched", "test_matched", "test_mismatched")
}
LABELS = ("entailment", "neutral", "contradiction")


def read(folder: str | os.PathLike[str], split: str) -> Examples[LabelledText]:
    """The examples of one split, a key of SPLITS. The test splits have no labels.

    Raises:
        ValueError: if there is no such split.
        DataError: if its file is missing or damaged.
    """
    label = None if split.startswith("test") else "gold_label"
    return Examples(labelled_texts(split_file(folder, split, SPLITS), ["sentence1", "sentence2"], label, LABELS))
