"""Solving a task: finetune with several learning rates, take the one that dev prefers, and score it on the test sets.

    solver, record = solve(system, start, task, trials, seed)
    record["scores"]["test"]["accuracy"]

A task with few labels may continue from a model that was finetuned on another one, as users of RoBERTa do with MNLI:
`continue_from` takes everything over except the output layer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.lab.finetuning import Finetuning, answers, best_look, finetune
from experiments.lab.sweep import positive_choices
from experiments.lab.systems import METRICS, System
from experiments.lab.training import MODEL
from experiments.lab.ways import Way
from experiments.running.progress import Bar
from experiments.running.work import Checkpoint
from experiments.text.toy_world.tasks.example import Task
from minigrad import load_checkpoint, nn, save_checkpoint
from minigrad.checks import whole_number

Scores = dict[str, dict[str, float]]
"""Test set → metric → score."""


class Before(NamedTuple):
    """What a system was finetuned on before: the solver that `keep` wrote, and its task."""

    checkpoint: Checkpoint
    task: Task


@dataclass(frozen=True)
class Budget:
    """How a task is finetuned: its labelled examples, the steps, and the learning rates, among which dev chooses for
    each system and seed on the first split of the labels."""

    n_train: int
    steps: int
    lrs: tuple[float, ...]
    batch_size: int = 16

    def __post_init__(self) -> None:
        for name in ("n_train", "steps", "batch_size"):
            whole_number(name, getattr(self, name), at_least=1)
        positive_choices("lrs", self.lrs, "learning rate")

    def trials(self, first: dict[str, Any] | None, n_looks: int) -> list[Finetuning]:
        """The settings for each learning rate, or for that of `first`, the record of the first split. Dev is looked at
        `n_looks` times, and the best weights are kept."""
        lrs = self.lrs if first is None else (first["lr"],)
        look_every = max(self.steps // n_looks, 1)
        return [Finetuning(lr, self.steps, batch_size=self.batch_size, look_every=look_every) for lr in lrs]


def solve(
    system: System,
    start: Checkpoint | None,
    task: Task,
    trials: Sequence[Finetuning],
    seed: int,
    *,
    before: Before | None = None,
    device: str = "cpu",
    name: str = "",
) -> tuple[nn.Module, dict[str, Any]]:
    """Finetune a system on a task with each of the settings, and score the one that is best on dev.

    Args:
        start: the pretrained checkpoint; None starts from random weights, all of which are then trained.
        before: the same system on another task, from which everything but the output layer comes.
        name: for the progress bar.

    Returns:
        the solver, and its record: `lr`, `scores` on every test set, and `trials` with their lr and score on dev.
    """

    def build() -> nn.Module:
        solver = system.solver(task, start, seed)
        if before is not None:
            continue_from(system, before, solver, seed)
        return solver.to(device)

    if start is not None:
        trials = [system.keeping_words(settings) for settings in trials]
    train, dev = system.encode(task, task.train), system.encode(task, task.dev)
    solver, record = best_on_dev(build, train, dev, trials, seed, name)
    return solver, record | {"scores": scores(system, solver, task)}


def best_on_dev(
    build: Callable[[], nn.Module], train: Way, dev: Way, trials: Sequence[Finetuning], seed: int, name: str = ""
) -> tuple[nn.Module, dict[str, Any]]:
    """Finetune with each of the settings, and take the model that scores best on dev; between equals, by its loss.

    Args:
        build: makes the model, which is the same for each of the settings.

    Returns:
        the model, and `lr` and `trials`, with their lr, and their score and loss on dev.
    """
    solvers, looks = [], []
    with Bar(len(trials), f"finetuning {name}", "trial") as bar:
        for settings in trials:
            solver = build()
            look = best_look(finetune(solver, train, settings, seed, dev)["dev"])
            looks.append(
                {"lr": settings.lr, "dev_score": look["score"], "dev_loss": look["loss"], "steps": look["steps"]}
            )
            solvers.append(solver)
            bar.update()
    chosen = max(range(len(looks)), key=lambda i: (looks[i]["dev_score"], -looks[i]["dev_loss"]))
    return solvers[chosen], {"lr": looks[chosen]["lr"], "trials": looks}


def scores(system: System, solver: nn.Module, task: Task) -> Scores:
    """Every metric of the task on each of its test sets."""
    found = {}
    for name, some in {"test": task.test, **task.further}.items():
        _, predicted = answers(solver, system.encode(task, some))
        gold = np.array([example.label for example in some])
        found[name] = {metric: METRICS[metric](predicted, gold) for metric in task.metrics}
    return found


def keep(folder: Path, solver: nn.Module) -> None:
    """Write a solver's weights for `continue_from`."""
    save_checkpoint(folder / MODEL, solver)


def continue_from(system: System, before: Before, solver: nn.Module, seed: int) -> None:
    """Load what `keep` wrote, except the output layer, which is another task's."""
    other = system.solver(before.task, None, seed)
    load_checkpoint(before.checkpoint.folder / MODEL, other)
    kept = {name: array for name, array in other.state_dict().items() if not name.startswith(f"{system.output}.")}
    solver.load_state_dict(solver.state_dict() | kept)
