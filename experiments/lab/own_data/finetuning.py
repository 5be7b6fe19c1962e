"""Finetuning on the user's data: with several learning rates, the best of which is scored on the dev examples."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from experiments.lab import examples
from experiments.lab.examples import Encoding
from experiments.lab.finetuning import Finetuning, answers, finetune
from experiments.lab.own_data.data import Parts
from experiments.lab.own_data.tasks import Task
from experiments.lab.ways import Way
from experiments.running.progress import Bar
from experiments.text.readers.examples import LabelledText
from minigrad import nn

Encode = Callable[[Sequence[LabelledText]], Way]
"""Encodes examples for a family of models."""


def for_decoder(task: Task, train: Sequence[LabelledText], encoding: Encoding) -> Encode:
    """How examples are encoded for a decoder or an LSTM. Scores are standardized with those of the training set."""

    def encode(some: Sequence[LabelledText]) -> Way:
        if task.labels:
            return examples.for_decoder(some, task.metric, encoding)
        return examples.scores_for_decoder(some, examples.standardized(train, some), task.metric, encoding)

    return encode


def for_encoder(task: Task, train: Sequence[LabelledText], encoding: Encoding) -> Encode:
    """The same for an encoder."""

    def encode(some: Sequence[LabelledText]) -> Way:
        if task.labels:
            return examples.for_encoder(some, task.metric, encoding)
        return examples.scores_for_encoder(some, examples.standardized(train, some), task.metric, encoding)

    return encode


def finetune_and_score(
    start: Callable[[], nn.Module],
    task: Task,
    parts: Parts,
    encode: Encode,
    trials: Sequence[Finetuning],
    seed: int,
    name: str,
) -> dict[str, Any]:
    """Finetune a start with each of the settings, and score the one that is best on the held-out examples on dev.

    Args:
        start: makes the model before finetuning.
        name: for the progress bar.

    Returns:
        scores: for each metric and split, named as in `columns`.
        lr: of the chosen trial. trials: each with its lr, and its loss and score on held-out examples.
    """
    train, held_out = encode(parts.train), encode(parts.held_out)
    ends, looks = [], []
    for number, settings in enumerate(trials, 1):
        model = start()
        title = f"finetuning {name}, {number} of {len(trials)}"
        with Bar(settings.n_steps(len(train)), title) as bar:
            record = finetune(model, train, settings, seed, dev=held_out, bar=bar)
        best = next(look for look in record["dev"] if look["steps"] == record["best_step"])
        looks.append({"lr": settings.lr, "steps": best["steps"], "loss": best["loss"], "score": best["score"]})
        ends.append(model)
    chosen = max(range(len(looks)), key=lambda i: (looks[i]["score"], -looks[i]["loss"]))
    scores = {}
    for split, some in parts.dev.items():
        dev = encode(some)
        _, predicted = answers(ends[chosen], dev)
        for metric, score in task.metrics.items():
            scores[column(task, split, metric)] = score(predicted, gold(some))
    return {"scores": scores, "lr": looks[chosen]["lr"], "trials": looks}


def gold(some: Sequence[LabelledText]) -> np.ndarray:
    """The labels of examples, or their scores as they are in the file."""
    return np.array([example.label for example in some])


def column(task: Task, split: str, metric: str) -> str:
    """`accuracy`, or `accuracy, dev_matched` if the task has several dev sets."""
    return metric if len(task.dev) == 1 else f"{metric}, {split}"


def columns(task: Task) -> list[str]:
    """All scores of a task; the first is the main metric's on the first dev set."""
    return [column(task, split, metric) for split in task.dev for metric in task.metrics]
