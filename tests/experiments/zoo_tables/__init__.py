"""Two toy tables that ask the zoo for the same pretrained model: first.py and second.py. See lab/test_zoo.py."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.recipes import WordVectorRecipe
from experiments.lab.worlds import Reading
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work
from models.word_vectors import SkipGram
from tests.experiments.tiny_zoo import TINY

LOG = "MINIGRAD_TEST_ZOO_LOG"
"""The variable with the file that gets a line, the seed, whenever a training begins."""


@dataclass(frozen=True)
class Logged:
    """Word vectors whose training notes that it begins, and takes its time: another process would begin meanwhile."""

    vectors: WordVectorRecipe

    @property
    def name(self) -> str:
        return self.vectors.name

    @property
    def reading(self) -> Reading:
        return self.vectors.reading

    def untrained(self, seed: int) -> SkipGram:
        return self.vectors.untrained(seed)

    def tokens_read(self, seed: int) -> int:
        return self.vectors.tokens_read(seed)

    def train(self, folder: Path, seed: int, device: str) -> dict[str, Any]:
        with open(os.environ[LOG], "a", encoding="utf-8") as file:
            file.write(f"{seed}\n")
        time.sleep(0.5)
        return self.vectors.train(folder, seed, device)


RECIPE = Logged(TINY.vectors)


def measure(start: Checkpoint, seed: int) -> dict[str, Any]:
    """A number that tells whether the weights are there, and which they are."""
    model = zoo.load(RECIPE, start, seed)
    return {"loss": start.record["losses"][-1], "size": float(abs(model.centre.weight.data).sum())}


def estimate(settings: Any) -> Estimate:
    """Of either table."""
    return Estimate(seconds=1, megabytes=50)


def measured(seeds: int, work: Work, key: str) -> Result:
    """Either table's cells: the model of each seed under the table's own key, and its measurement."""
    cells = []
    for seed in range(seeds):
        start = zoo.pretrained(work, RECIPE, seed, key)
        cells.append(work.cell("measurement", measure, start, seed, seed=seed))
    return Result(", ".join(f"{cell['loss']} {cell['size']}" for cell in cells), [], [])
