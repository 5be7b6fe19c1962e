"""Measuring: one model on one task, the average of several, and one model on all tasks."""

from typing import Any

import numpy as np

from experiments.lab.probes import evaluating
from experiments.lab.solving import Scores, scores, solve
from experiments.lab.systems import System
from experiments.lab.ways import Way
from experiments.running.work import Checkpoint
from experiments.tables.gpt_nli_table.multi_task import train_together
from experiments.tables.gpt_nli_table.systems import (
    AVERAGED,
    MULTI_TASK,
    ONE,
    TASKS,
    Settings,
    finetuning_of,
    lrs_of,
    system_of,
    task_of,
)
from experiments.text.toy_world.tasks.example import Task
from minigrad import nn, ops


def measure(
    row: str,
    start: Checkpoint,
    name: str,
    settings: Settings,
    seed: int,
    split: int,
    device: str,
    first: dict[str, Any] | None,
) -> dict[str, Any]:
    """Finetune a system on a task, and score it on the task's test sets.

    Args:
        first: what was measured in the seed's first split, whose learning rate is used; None in that split.

    Returns:
        lr, trials, scores: see `solve`.
        averaged: of the BiLSTM on ELMo in the first split of `AVERAGED`, the scores of the average of several models.
    """
    system, task = system_of(row, settings), task_of(name, settings, seed, split)
    trials = [finetuning_of(row, name, settings, lr) for lr in lrs_from(first, row, settings)]
    solver, record = solve(system, start, task, trials, seed, device=device, name=f"{row}, {name}")
    if row != ONE or split > 0 or name != AVERAGED:
        return record
    chosen, solvers = [finetuning_of(row, name, settings, record["lr"])], [solver]
    for number in range(1, settings.n_models):
        another_seed = number * 1000 + seed
        solvers.append(solve(system, start, task, chosen, another_seed, device=device, name=f"{row}, {name}")[0])
    return record | {"averaged": averaged_scores(system, solvers, task)}


def measure_together(
    start: Checkpoint, settings: Settings, seed: int, split: int, device: str, first: dict[str, Any] | None
) -> dict[str, Any]:
    """Train one BiLSTM on all tasks with each learning rate, and score the one that is best on dev, on average.

    Returns:
        lr; trials: with the mean score and loss on dev; scores: for each task, on its test sets.
    """
    system = system_of(MULTI_TASK, settings)
    tasks = {name: task_of(name, settings, seed, split) for name in TASKS}
    trials: list[dict[str, Any]] = []
    ends = []
    for lr in lrs_from(first, MULTI_TASK, settings):
        how = finetuning_of(MULTI_TASK, None, settings, lr)
        solvers, looks = train_together(system, start, tasks, how, seed, device)
        means = {f"dev_{name}": float(np.mean([look[name] for look in looks.values()])) for name in ("score", "loss")}
        trials.append({"lr": lr, **means, "steps": {name: look["steps"] for name, look in looks.items()}})
        ends.append(solvers)
    best = max(range(len(trials)), key=lambda i: (trials[i]["dev_score"], -trials[i]["dev_loss"]))
    return {
        "lr": trials[best]["lr"],
        "trials": trials,
        "scores": {name: scores(system, ends[best][name], task) for name, task in tasks.items()},
    }


def lrs_from(first: dict[str, Any] | None, row: str, settings: Settings) -> tuple[float, ...]:
    """The learning rate that the first split chose; there, all from which to choose."""
    return lrs_of(row, settings) if first is None else (first["lr"],)


def averaged_scores(system: System, solvers: list[nn.Module], task: Task) -> Scores:
    """The accuracy of the label with the highest mean probability, on every test set."""
    found = {}
    for name, some in {"test": task.test, **task.further}.items():
        way = system.encode(task, some)
        mean = np.mean([probabilities(solver, way) for solver in solvers], axis=0)  # (N, n_labels)
        found[name] = {"accuracy": way.score(mean.argmax(axis=1))}  # type: ignore[arg-type]
    return found


def probabilities(solver: nn.Module, examples: Way, batch_size: int = 128) -> np.ndarray:
    """The probability of each label for each example, (N, n_labels)."""
    parts = []
    with evaluating(solver):
        for start in range(0, len(examples), batch_size):
            *inputs, _ = examples.batch(slice(start, start + batch_size))
            parts.append(ops.softmax(solver(*inputs)).numpy())
    return np.concatenate(parts)
