"""STS-B: how similar are two sentences, from 0 to 5?

train.tsv, dev.tsv: index, genre, filename, year, old_index, source1, source2, sentence1, sentence2, score
test.tsv: the same without score
"""

import os

from experiments.text.readers.examples import Examples, LabelledText
from experiments.text.readers.lines import split_file
from experiments.text.readers.tsv import SPLITS, labelled_texts, rows

LOWEST, HIGHEST = 0.0, 5.0


def read(folder: str | os.PathLike[str], split: str) -> Examples[LabelledText]:
    """The examples of one split: train, dev, or test (without labels). A label is a score.

    Raises:
        ValueError: if there is no such split.
        DataError: if its file is missing or damaged.
    """
    path = split_file(folder, split, SPLITS)
    if split == "test":
        return Examples(labelled_texts(path, ["sentence1", "sentence2"]))
    return Examples(
        [
            LabelledText(row.text("sentence1"), row.text("sentence2"), row.score("score", LOWEST, HIGHEST))
            for row in rows(path, ["sentence1", "sentence2", "score"])
        ]
    )
