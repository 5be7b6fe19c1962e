"""Finetuning on MNLI, which chooses the learning rate and is kept, and then on the other tasks."""

from pathlib import Path
from typing import Any

from experiments.lab import zoo
from experiments.lab.finetuning import Finetuning
from experiments.lab.recipes import Recipe
from experiments.lab.solving import Before, keep, solve
from experiments.lab.systems import System
from experiments.running.work import Checkpoint
from experiments.tables.glue_table.systems import Draw, drawn


def on_mnli(
    folder: Path,
    name: str,
    system: System,
    start: Checkpoint | None,
    draw: Draw,
    trials: tuple[Finetuning, ...],
    first: Checkpoint | None,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Finetune a system on MNLI, and leave it in the folder.

    Args:
        first: the same system in the seed's first split, whose learning rate is used; None in that split.

    Returns:
        lr, scores, trials: see `solve`.
    """
    solver, record = solve(
        system, start, drawn(draw), with_chosen_rate(trials, first), seed, device=device, name=f"{name}, {draw.task}"
    )
    keep(folder, solver)
    return record


def on_another(
    name: str,
    system: System,
    start: Checkpoint | None,
    draw: Draw,
    trials: tuple[Finetuning, ...],
    mnli: Checkpoint,
    before: Draw | None,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Finetune a system on another task with the learning rate that MNLI chose.

    Args:
        mnli: the system after MNLI, in this split.
        before: MNLI's examples, to continue from `mnli`; None starts from what pretraining left.

    Returns:
        lr, scores, trials: see `solve`.
    """
    _, record = solve(
        system,
        start,
        drawn(draw),
        with_chosen_rate(trials, mnli),
        seed,
        before=None if before is None else Before(mnli, drawn(before)),
        device=device,
        name=f"{name}, {draw.task}",
    )
    return record


def with_chosen_rate(trials: tuple[Finetuning, ...], chosen: Checkpoint | None) -> list[Finetuning]:
    """The trial with the learning rate that was chosen before; all of them if none was."""
    return [trial for trial in trials if chosen is None or trial.lr == chosen.record["lr"]]


def at_equal_targets(
    folder: Path, recipe: Recipe, decoder: Checkpoint, encoder: Checkpoint, seed: int
) -> dict[str, Any]:
    """Leave in the folder the weights of a decoder when it had seen about as many targets as an encoder in its whole
    training. See `zoo.at_targets`."""
    return zoo.at_targets(folder, recipe, decoder, encoder.record["targets"], seed)
