"""CoLA: is a sentence acceptable English?

train.tsv, dev.tsv: no header; source, label, the author's own mark (an asterisk, or nothing), sentence
test.tsv: index, sentence
"""

import os

from experiments.text.readers.examples import Examples, LabelledText
from experiments.text.readers.lines import split_file
from experiments.text.readers.tsv import SPLITS, labelled_texts, rows_without_header

COLUMNS = ("source", "label", "mark", "sentence")
LABELS = ("0", "1")
"""Unacceptable, acceptable."""


def read(folder: str | os.PathLike[str], split: str) -> Examples[LabelledText]:
    """The examples of one split: train, dev, or test (without labels).

    Raises:
        ValueError: if there is no such split.
        DataError: if its file is missing or damaged.
    """
    path = split_file(folder, split, SPLITS)
    if split == "test":
        return Examples(labelled_texts(path, ["sentence"]))
    found = rows_without_header(path, COLUMNS)
    return Examples([LabelledText(row.text("sentence"), None, row.label("label", LABELS)) for row in found])
