"""QQP: do two questions ask the same?

train.tsv, dev.tsv: id, qid1, qid2, question1, question2, is_duplicate
test.tsv: id, question1, question2

The published train.tsv has a few questions with a line break in them, so their rows are cut in two and have too few
fields. Other readers, such as those of the transformers library, leave these rows out, and so does this one. It leaves
out rows with an empty question, too. `skipped` counts both.
"""

import os

from experiments.text.errors import DataError
from experiments.text.readers.examples import Examples, LabelledText
from experiments.text.readers.lines import split_file
from experiments.text.readers.tsv import SPLITS, rows

TEXTS = ("question1", "question2")
LABELS = ("0", "1")
"""Different, the same."""


def read(folder: str | os.PathLike[str], split: str) -> Examples[LabelledText]:
    """The examples of one split: train, dev, or test (without labels).

    Raises:
        ValueError: if there is no such split.
        DataError: if its file is missing or damaged, or no row is usable.
    """
    path = split_file(folder, split, SPLITS)
    columns = TEXTS if split == "test" else (*TEXTS, "is_duplicate")
    cut_off: list[int] = []
    items, empty = [], 0
    for row in rows(path, columns, cut_off=cut_off):
        label = None if split == "test" else row.label("is_duplicate", LABELS)
        first, second = (row.fields[column] for column in TEXTS)
        if first.strip() and second.strip():
            items.append(LabelledText(first, second, label))
        else:
            empty += 1
    if not items:
        raise DataError(f"{path}: expected pairs of questions, got {empty} rows in which one is empty")
    return Examples(items, skipped=len(cut_off) + empty)
