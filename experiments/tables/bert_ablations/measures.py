"""Finetuning one variant on every task, and what is measured."""

from typing import Any

from experiments.lab.extractive_qa import Reader, answer
from experiments.lab.solving import solve
from experiments.lab.systems import Encoder
from experiments.running.work import Checkpoint
from experiments.tables.bert_ablations.systems import (
    COLA,
    N_LOOKS,
    READING,
    SCORES,
    Settings,
    questions_of,
    recipe_of,
    sentences_of,
)

Measured = dict[str, dict[str, Any]]
"""Task → `score`; further scores; the learning rate that dev chose; all trials."""


def measure(
    system: str,
    start: Checkpoint | None,
    settings: Settings,
    split: int,
    seed: int,
    device: str,
    first: Measured | None,
) -> Measured:
    """Finetune a variant on each task. A split is another draw of the tasks' words and examples.

    Without a start the weights are random, and all of them learn, those of the words too.

    Args:
        first: what was measured on the first split with this seed, whose learning rates are used; None there.
    """
    draw, recipe = 1000 * split + seed, recipe_of(system, settings)
    trials = {task: settings.finetuning[task].trials(first and first[task], N_LOOKS) for task in SCORES}

    def name(task: str) -> str:
        return f"{system} on {task}, seed {seed}"

    sentences, questions = sentences_of(settings, draw), questions_of(settings, draw)
    _, judged = solve(Encoder(recipe), start, sentences, trials[COLA], seed, device=device, name=name(COLA))
    _, found = answer(Reader(recipe), start, questions, trials[READING], seed, device=device, name=name(READING))
    return {
        COLA: {"score": judged["scores"]["test"]["matthews"], **judged},
        READING: {"score": found["scores"]["f1"], **found},
    }
