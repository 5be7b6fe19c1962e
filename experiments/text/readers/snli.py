"""SNLI: does the first sentence entail the second, contradict it, or neither?

snli_1.0_train.jsonl, snli_1.0_dev.jsonl, snli_1.0_test.jsonl: an object a line, with sentence1, sentence2, gold_label
and others. The gold label is "-" if the annotators did not agree. Such pairs are skipped and counted.
"""

import os

from experiments.text.errors import DataError
from experiments.text.readers.examples import Examples, LabelledText
from experiments.text.readers.json_values import parse
from experiments.text.readers.lines import numbered_lines, split_file

SPLITS = {split: f"snli_1.0_{split}.jsonl" for split in ("train", "dev", "test")}
LABELS = ("entailment", "neutral", "contradiction")
NO_AGREEMENT = "-"


def read(folder: str | os.PathLike[str], split: str) -> Examples[LabelledText]:
    """The examples of one split: train, dev or test, all with labels.

    Raises:
        ValueError: if there is no such split.
        DataError: if its file is missing or damaged, or has no pair with a label.
    """
    path = split_file(folder, split, SPLITS)
    items, skipped = [], 0
    for number, line in numbered_lines(path):
        if not line:
            continue
        pair = parse(line, f"{path}, line {number}")
        label = pair.field("gold_label")
        if label.value == NO_AGREEMENT:
            skipped += 1
            continue
        if label.value not in LABELS:
            raise label.error(f"one of {', '.join(LABELS)} or {NO_AGREEMENT}")
        texts = pair.field("sentence1").text(), pair.field("sentence2").text()
        items.append(LabelledText(*texts, LABELS.index(label.value)))
    if not items:
        raise DataError(f"{path}: expected pairs with a label, got none; {skipped} have the label {NO_AGREEMENT}")
    return Examples(items, skipped)
