"""Two toy tables that ask the zoo for the same pretrained model: first.py and second.py. See lab/test_zoo.py."""

import os
import time
from typing import Any

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.objectives import CausalLM
from experiments.lab.pretraining import Pretraining
from experiments.lab.worlds import Reading
from experiments.lab.zoo import Architecture, Recipe
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work
from models.gpt import GPT, GPTConfig

LOG = "MINIGRAD_TEST_ZOO_LOG"
"""The variable with the file that gets a line, the seed, whenever a training begins."""


def logged(reading: Reading, seed: int) -> CausalLM:
    """Language modelling that notes that it begins, and takes its time: another process would begin in the meantime."""
    with open(os.environ[LOG], "a", encoding="utf-8") as file:
        file.write(f"{seed}\n")
    time.sleep(0.5)
    return zoo.causal_lm(reading, seed)


DECODER = Architecture(GPT, GPTConfig(280, 16, d_model=8, n_layers=1, n_heads=2))
READING = Reading(n_tokens=256, batch_size=2, context=16, vocab_size=280)
RECIPE = Recipe(DECODER, logged, READING, Pretraining(steps=3, lr=1e-2))


def measure(start: Checkpoint, seed: int) -> dict[str, Any]:
    """A number that tells whether the weights are there, and which they are."""
    model = zoo.load(RECIPE, start, seed)
    return {"loss": start.record["losses"][-1], "size": float(abs(model.token_embedding.weight.data).sum())}


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
