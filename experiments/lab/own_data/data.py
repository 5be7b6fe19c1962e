"""The examples of the user's folder: training examples, some held out from them to choose with, and dev examples."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from experiments.lab.own_data.tasks import Task, task_named
from experiments.text.errors import DataError
from experiments.text.readers.examples import Examples, LabelledText

HELD_OUT, MOST_HELD_OUT = 0.1, 1000
"""The share of the training examples with which learning rates are chosen, and the most of them."""


class Parts(NamedTuple):
    """The examples of a run with a seed. Dev examples are by split, and used once: to score what was chosen."""

    train: Sequence[LabelledText]
    held_out: Sequence[LabelledText]
    dev: Mapping[str, Sequence[LabelledText]]


@dataclass(frozen=True)
class Data:
    """A folder with the files of a data set; `task` names it, None if the folder's name tells."""

    folder: str
    task_name: str | None = None

    @property
    def task(self) -> Task:
        """Which data set it is."""
        return task_named(self.task_name, self.folder)

    def read(self, split: str) -> Examples[LabelledText]:
        """The examples of a split, read once in each process.

        Raises:
            DataError: if the file is missing or damaged, or has too few examples to train and to choose.
        """
        return examples_of(self.folder, self.task.name, split)

    def facts(self) -> dict[str, Any]:
        """The task, the number of examples in each split and that of unusable rows, and the SHA-256 of all examples."""
        return facts_of(self.folder, self.task.name)

    def parts(self, seed: int, most: int) -> Parts:
        """The examples, at most so many for training: which ones, and which are held out, is drawn by the seed."""
        items, task = self.read("train").items, self.task
        order = np.random.default_rng([seed, 8]).permutation(len(items)).tolist()
        n = min(max(round(HELD_OUT * len(items)), 1), MOST_HELD_OUT)
        held_out, train = ([items[i] for i in numbers] for numbers in (order[:n], order[n : n + most]))
        return Parts(train, held_out, {split: self.read(split).items for split in task.dev})


@cache
def examples_of(folder: str, task_name: str, split: str) -> Examples[LabelledText]:
    """See `Data.read`."""
    examples = task_named(task_name, folder).read(folder, split)
    if split == "train" and len(examples.items) < 2:
        raise DataError(f"{folder}: expected at least 2 training examples, got {len(examples.items)}")
    return examples


@cache
def facts_of(folder: str, task_name: str) -> dict[str, Any]:
    """See `Data.facts`."""
    digest, counts, skipped = hashlib.sha256(), {}, 0
    for split in ("train", *task_named(task_name, folder).dev):
        examples = examples_of(folder, task_name, split)
        counts[split], skipped = len(examples.items), skipped + examples.skipped
        for example in examples.items:
            digest.update(f"{split} {json.dumps(astuple(example))}\n".encode())
    return {"task": task_name, "examples": counts, "skipped": skipped, "sha256": digest.hexdigest()}
