"""MRPC: do two sentences say the same?

GLUE's layout
    train.tsv, dev.tsv: Quality, #1 ID, #2 ID, #1 String, #2 String
    test.tsv: index, #1 ID, #2 ID, #1 String, #2 String

The layout of the original corpus, which is read if the folder has no file of the split in GLUE's layout
    msr_paraphrase_train.txt, msr_paraphrase_test.txt: Quality, #1 ID, #2 ID, #1 String, #2 String
    mrpc_dev_ids.tsv or dev_ids.tsv, no header: #1 ID, #2 ID. These rows of msr_paraphrase_train.txt are GLUE's dev set.
"""

import os
from pathlib import Path

from experiments.text.errors import DataError
from experiments.text.readers.examples import Examples, LabelledText
from experiments.text.readers.lines import split_file
from experiments.text.readers.tsv import SPLITS, Row, labelled_texts, rows, rows_without_header

QUALITY, IDS, TEXTS = "Quality", ("#1 ID", "#2 ID"), ("#1 String", "#2 String")
LABELS = ("0", "1")
"""Different, the same."""
ORIGINAL = {
    "train": "msr_paraphrase_train.txt",
    "dev": "msr_paraphrase_train.txt",
    "test": "msr_paraphrase_test.txt",
}
DEV_IDS = ("mrpc_dev_ids.tsv", "dev_ids.tsv")


def read(folder: str | os.PathLike[str], split: str) -> Examples[LabelledText]:
    """The examples of one split: train, dev or test. GLUE's test file has no labels; the original one has.

    In the original layout without a file of dev ids, all of msr_paraphrase_train.txt is the training set.

    Raises:
        ValueError: if there is no such split.
        DataError: if its file is missing or damaged, or if dev is asked for in the original layout without dev ids.
    """
    path, original = split_file(folder, split, SPLITS), split_file(folder, split, ORIGINAL)
    if path.exists() or not original.exists():
        return Examples(labelled_texts(path, TEXTS, None if split == "test" else QUALITY, LABELS))
    found = rows(original, [QUALITY, *IDS, *TEXTS])
    if split == "test":
        return Examples([_example(row) for row in found])
    dev = _dev_ids(Path(folder))
    if dev is None and split == "dev":
        raise DataError(f"{folder}: expected dev.tsv, or {DEV_IDS[0]} beside {original.name}, but there is none")
    items = [_example(row) for row in found if (_ids(row) in (dev or ())) == (split == "dev")]
    if not items:
        raise DataError(f"{original}: expected rows of the {split} set, but the dev ids leave none")
    return Examples(items)


def _dev_ids(folder: Path) -> set[tuple[str, str]] | None:
    """The ids of the pairs in the dev set. None if there is no file of them."""
    path = next((folder / name for name in DEV_IDS if (folder / name).exists()), None)
    return None if path is None else {_ids(row) for row in rows_without_header(path, IDS)}


def _ids(row: Row) -> tuple[str, str]:
    return row.fields[IDS[0]], row.fields[IDS[1]]


def _example(row: Row) -> LabelledText:
    return LabelledText(row.text(TEXTS[0]), row.text(TEXTS[1]), row.label(QUALITY, LABELS))
