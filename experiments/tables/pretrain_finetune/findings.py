"""From the cells to claims, tables, figures and costs."""

from dataclasses import asdict
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing

from experiments.evidence import claims, figures
from experiments.evidence.claims import Claim
from experiments.evidence.grid import Grid, subtract
from experiments.evidence.results import Result
from experiments.evidence.table import Entry, Table
from experiments.lab import zoo
from experiments.running.work import Checkpoint, Work
from experiments.tables.pretrain_finetune.measures import LINE
from experiments.tables.pretrain_finetune.systems import (
    FROM_TO,
    LSTM,
    PRETRAINED,
    RANDOM_LSTM,
    RANDOM_TRANSFORMER,
    SYSTEMS,
    TRANSFORMER,
    VECTORS,
    Settings,
    architecture_of,
    finetuning_of,
    recipe_of,
)

Records = dict[str, list[Checkpoint]]
"""System → its pretrained checkpoints, one for each seed."""

FEW_LABELS = (
    "The task asks about four kinds of faults, and 64 labels hold eight faulty sentences of each. That is too few to "
    "learn what is asked, so every start stays near chance. From 256 labels on the difference is clear."
)
NOT_CAUGHT_UP = (
    f"{FEW_LABELS} With 4,096 labels the random starts are still far from what a pretrained start reaches with "
    "1,024: they have not caught up, so the gain has not begun to shrink."
)
SMALL_SETS_ARE_MEMORISED = (
    "With 64 or 256 labels both Transformers end with every labelled sentence right, at every learning rate. The loss "
    "on others then depends on how sure a model is where it is wrong, and the pretrained one is no less sure."
)

SWEPT = ("lr", "dev_accuracy", "dev_loss")
"""What a result's sweep shows of each trial."""


def result(
    settings: Settings, grid: Grid, records: Records, samples: list[tuple[str, dict[str, Any]]], work: Work
) -> Result:
    """The table's whole result."""
    transformer, lstm = (architecture_of(system, settings).config for system in (TRANSFORMER, LSTM))
    recipes = {system: recipe_of(system, settings) for system in PRETRAINED}
    draw(settings, grid, records, work)
    return Result(
        lecture_says=(
            "Pretraining gives finetuning a place to start from: parameters that know language before they meet a "
            "task with few labels. The lecture offers two reasons why this helps: gradient descent stays close to "
            "where it starts, and what lies near a pretrained start may generalise well; and gradients may flow better."
        ),
        tables=[accuracy_table(settings, grid), travel_table(settings, grid)],
        claims=judge(settings, grid),
        configs={
            "Transformer": asdict(transformer),
            "LSTM": asdict(lstm),
            **{system: zoo.described(recipe) for system, recipe in recipes.items()},
            "finetuning": asdict(finetuning_of(settings, 1.0)) | {"lr": list(settings.finetuning_lrs)},
        },
        sweep=[
            {"system": system, "labels": n, "seed": seed, **{name: trial[name] for name in SWEPT}}
            for system in SYSTEMS
            for n in settings.label_counts
            for seed, cell in enumerate(grid[system, n])
            for trial in cell["trials"]
        ],
        parameters={s: architecture_of(s, settings).untrained(0).num_parameters() for s in SYSTEMS},
        tokens={system: zoo.tokens_read(of_seeds) for system, of_seeds in records.items()},
        samples={
            f"{key} ({text['grammatical']} of {text['sentences']} sentences are grammatical)": text["text"]
            for key, text in samples
        },
    )


def over_learning_rates(grid: Grid, system: str, n_labels: int, name: str) -> list[float]:
    """One measure of a system, averaged over finetuning's learning rates; a value for each seed."""
    return [float(np.mean([trial[name] for trial in cell["trials"]])) for cell in grid[system, n_labels]]


def judge(settings: Settings, grid: Grid) -> list[Claim]:
    """The lecture's claims."""
    counts = settings.label_counts
    few, many = counts[0], counts[-1]

    def under_the_same_descent(name: str) -> dict[str, list[float]]:
        """Random minus pretrained, both averaged over the same learning rates."""
        parts = {}
        for architecture, (random, pretrained) in FROM_TO.items():
            for n in counts:
                means = (over_learning_rates(grid, system, n, name) for system in (random, pretrained))
                parts[f"{architecture}, {n:,} labels"] = subtract(*means)
        return parts

    gains = {
        f"{architecture}, {n:,} labels": grid.differences(pretrained, random, n, "test_accuracy")
        for architecture, (random, pretrained) in FROM_TO.items()
        for n in counts
    }
    gain_shrinks = {
        architecture: subtract(gains[f"{architecture}, {few:,} labels"], gains[f"{architecture}, {many:,} labels"])
        for architecture in FROM_TO
    }
    over_vectors = {f"{n:,} labels": grid.differences(LSTM, VECTORS, n, "test_accuracy") for n in counts}
    return [
        claims.every(
            "pretrained-beats-random",
            "a pretrained start beats a random one at every number of labels",
            gains,
            unit="accuracy",
            explanation=FEW_LABELS,
        ),
        claims.every(
            "most-where-few",
            f"pretraining gains more with {few:,} labels than with {many:,}",
            gain_shrinks,
            unit="accuracy",
            explanation=NOT_CAUGHT_UP,
        ),
        claims.every(
            "whole-model-beats-vectors",
            "pretraining the whole LSTM beats pretraining its word vectors at every number of labels",
            over_vectors,
            unit="accuracy",
            explanation=FEW_LABELS,
        ),
        claims.every(
            "moves-less",
            "from a pretrained start finetuning moves less, relative to the start's norm",
            under_the_same_descent("relative_distance"),
            unit="of the norm",
        ),
        claims.every(
            "smaller-gap",
            "from a pretrained start the gap between training loss and loss on new examples ends smaller",
            under_the_same_descent("gap"),
            unit="nats",
            explanation=SMALL_SETS_ARE_MEMORISED,
        ),
    ]


def accuracy_table(settings: Settings, grid: Grid) -> Table:
    """Systems × numbers of labels."""
    return grid.table(
        "Test accuracy in percent (chance: 50): is the sentence grammatical?",
        "test_accuracy",
        first="start",
        names={n: f"{n:,} labels" for n in settings.label_counts},
        scale=100,
        digits=1,
    )


def travel_table(settings: Settings, grid: Grid) -> Table:
    """How far finetuning moved the weights, and where it ended, at one number of labels."""
    n = middle(settings)
    rows: list[list[Entry]] = []
    for system in SYSTEMS:
        row: list[Entry] = [system]
        for name in ("relative_distance", "gap"):
            for k in range(len(settings.finetuning_lrs)):
                row.append([cell["trials"][k][name] for cell in grid[system, n]])
        rows.append(row)
    columns = [f"{name}, rate {lr:g}" for name in ("distance", "gap") for lr in settings.finetuning_lrs]
    caption = (
        f"Where finetuning on {n:,} labels ends. For each learning rate: the distance from the start, relative to the "
        "start's norm, and the gap between the losses on dev and training examples (nats)"
    )
    return Table(caption, ["start", *columns], rows, digits=2)


def draw(settings: Settings, grid: Grid, records: Records, work: Work) -> None:
    """The three figures."""
    n = middle(settings)
    work.figure(
        "accuracy",
        draw_accuracy(settings, grid),
        "Test accuracy against the number of labelled examples; bands: one standard deviation.",
    )
    work.figure(
        "pretraining",
        draw_pretraining(settings, records),
        "Pretraining: the loss of each seed along the training.",
    )
    work.figure(
        "line",
        draw_line(n, grid),
        f"The training loss along the straight line from the start of finetuning to its end, {n:,} labels.",
    )


COLOURS = dict(zip(SYSTEMS, figures.COLOURS, strict=False))
DASHES = {RANDOM_LSTM: "--", RANDOM_TRANSFORMER: "--"}


def draw_accuracy(settings: Settings, grid: Grid) -> Drawing:
    """Accuracy against labels, a line for each start."""
    counts = settings.label_counts
    figure, axes = figures.subplots()
    for system in SYSTEMS:
        by_count = np.array([grid.values(system, n, "test_accuracy") for n in counts])
        mean, spread = by_count.mean(axis=1), by_count.std(axis=1)
        axes.plot(counts, mean, DASHES.get(system, "-"), marker="o", color=COLOURS[system], label=system)
        axes.fill_between(counts, mean - spread, mean + spread, alpha=0.15, color=COLOURS[system])
    axes.axhline(0.5, color=figures.INK, linestyle=":")
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [f"{n:,}" for n in counts])
    axes.set(xlabel="labelled examples", ylabel="test accuracy", ylim=(0.4, 1.03))
    axes.legend()
    return figure


def draw_pretraining(settings: Settings, records: Records) -> Drawing:
    """The loss of both language models, a line for each seed, under the unigram entropy."""
    figure, axes = figures.subplots()
    for system in (LSTM, TRANSFORMER):
        for k, start in enumerate(records[system]):
            losses = start.record["losses"]
            steps = (np.arange(len(losses)) + 0.5) / len(losses) * settings.zoo.gpt.training.steps
            label = system if k == 0 else None
            axes.plot(steps, losses, linewidth=1, color=COLOURS[system], label=label)
    entropy = records[LSTM][0].record["unigram_entropy"]
    axes.axhline(entropy, color=figures.INK, linestyle=":")
    axes.text(settings.zoo.gpt.training.steps, entropy, "unigram entropy", ha="right", va="bottom")
    axes.set(xlabel="pretraining step", ylabel="loss (nats per token)")
    axes.legend()
    return figure


def draw_line(n_labels: int, grid: Grid) -> Drawing:
    """The loss between start and end of finetuning, a line for each seed, an axis for each architecture."""
    figure, axes = figures.subplots(1, 2, size=(7.6, 3.4), sharey=True)
    for axis, (architecture, starts) in zip(axes, FROM_TO.items(), strict=True):
        for system in starts:
            for k, cell in enumerate(grid[system, n_labels]):
                label = system if k == 0 else None
                axis.plot(LINE, cell["line"], DASHES.get(system, "-"), linewidth=1, color=COLOURS[system], label=label)
        axis.set(xlabel="from start (0) to end (1)", title=architecture, yscale="log")
        axis.legend()
    axes[0].set_ylabel("training loss (nats)")
    return figure


def middle(settings: Settings) -> int:
    """The number of labels for which the second table and the straight line are shown."""
    return settings.label_counts[len(settings.label_counts) // 2]
