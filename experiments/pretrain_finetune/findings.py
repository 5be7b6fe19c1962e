"""From the cells to claims, tables, figures and costs."""

from dataclasses import asdict
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing

from experiments import claims, figures, flops
from experiments.claims import Claim
from experiments.finetuning import FinetuneSettings
from experiments.pretrain_finetune.measures import LINE
from experiments.pretrain_finetune.starts import (
    CONTEXT,
    LSTM,
    RANDOM_LSTM,
    RANDOM_TRANSFORMER,
    SYSTEMS,
    TRANSFORMER,
    VECTORS,
    VOCAB_SIZE,
    Settings,
    how_language_models_train,
    lstm_config,
    transformer_config,
    untrained,
)
from experiments.pretraining import SkipGramSettings
from experiments.results import Entry, Result, Table
from experiments.runner import Run

Cells = dict[tuple[str, int], list[dict[str, Any]]]
"""(system, number of labels) -> what was measured, a seed at a time."""

FROM_TO = {"LSTM": (RANDOM_LSTM, LSTM), "Transformer": (RANDOM_TRANSFORMER, TRANSFORMER)}


VECTORS_SUFFICE = (
    "The task asks for no more than word vectors hold: a sentence praises if its adjectives do, whatever stands around "
    "them, and skip-gram vectors know which adjectives keep company. What they cannot hold, a meaning that depends on "
    "the context, this task does not test."
)


def result(
    settings: Settings,
    cells: Cells,
    records: dict[str, list[dict[str, Any]]],
    lrs: dict[str, float],
    sweep: list[dict[str, Any]],
    samples: dict[str, str],
) -> Result:
    """Everything that the experiment has to say."""
    tokens = how_language_models_train(settings, lr=0.0).tokens
    transformer, lstm = transformer_config(VOCAB_SIZE), lstm_config(VOCAB_SIZE)
    pairs = sum(record["pairs"] for record in records[VECTORS])
    return Result(
        lecture_says=(
            "Pretraining gives finetuning a place to start from: parameters that know language before they meet a "
            "task with few labels. The lecture offers two reasons why this helps: gradient descent stays close to "
            "where it starts, and what lies near a pretrained start may generalise well; and gradients may flow better."
        ),
        tables=[accuracy_table(settings, cells), travel_table(settings, cells)],
        claims=judge(settings, cells),
        configs={
            "Transformer": asdict(transformer),
            "LSTM": asdict(lstm),
            **{s: asdict(how_language_models_train(settings, lrs[s])) for s in (LSTM, TRANSFORMER)},
            VECTORS: asdict(SkipGramSettings(lrs[VECTORS])) | {"d_model": lstm.d_model},
            "finetuning": asdict(FinetuneSettings(settings.finetuning_steps)) | {"lrs": list(settings.finetuning_lrs)},
        },
        sweep=sweep,
        parameters={system: untrained(system, VOCAB_SIZE, seed=0).num_parameters() for system in SYSTEMS},
        tokens=dict.fromkeys((VECTORS, LSTM, TRANSFORMER), tokens * settings.seeds),
        flops={
            VECTORS: flops.skip_gram_flops(lstm.d_model, SkipGramSettings(lr=0.0).n_negatives, pairs),
            LSTM: flops.lstm_flops(lstm, tokens * settings.seeds),
            TRANSFORMER: flops.gpt_flops(transformer, tokens * settings.seeds, CONTEXT),
        },
        samples=samples,
    )


def values(cells: Cells, system: str, n_labels: int, name: str) -> list[float]:
    """One measure of a system, a value for each seed."""
    return [float(cell[name]) for cell in cells[system, n_labels]]


def over_learning_rates(cells: Cells, system: str, n_labels: int, name: str) -> list[float]:
    """One measure of a system, averaged over the learning rates of finetuning; a value for each seed."""
    return [float(np.mean([trial[name] for trial in cell["trials"]])) for cell in cells[system, n_labels]]


def differences(cells: Cells, above: str, below: str, n_labels: int, name: str) -> list[float]:
    """A measure of one system less that of another, seed by seed."""
    pairs = zip(values(cells, above, n_labels, name), values(cells, below, n_labels, name), strict=True)
    return [a - b for a, b in pairs]


def judge(settings: Settings, cells: Cells) -> list[Claim]:
    """The lecture's claims."""
    counts = settings.label_counts
    few, many = counts[0], counts[-1]

    def under_the_same_descent(name: str) -> dict[str, list[float]]:
        """Random less pretrained, both averaged over the same learning rates."""
        parts = {}
        for architecture, (random, pretrained) in FROM_TO.items():
            for n in counts:
                pairs = zip(*(over_learning_rates(cells, s, n, name) for s in (random, pretrained)), strict=True)
                parts[f"{architecture}, {n:,} labels"] = [a - b for a, b in pairs]
        return parts

    gains = {
        f"{architecture}, {n:,} labels": differences(cells, pretrained, random, n, "test_accuracy")
        for architecture, (random, pretrained) in FROM_TO.items()
        for n in counts
    }
    gain_shrinks = {}
    for architecture in FROM_TO:
        pairs = zip(gains[f"{architecture}, {few:,} labels"], gains[f"{architecture}, {many:,} labels"], strict=True)
        gain_shrinks[architecture] = [a - b for a, b in pairs]
    over_vectors = {f"{n:,} labels": differences(cells, LSTM, VECTORS, n, "test_accuracy") for n in counts}
    return [
        claims.every(
            "pretrained-beats-random",
            "a pretrained start beats a random one at every number of labels",
            gains,
            unit="accuracy",
        ),
        claims.every(
            "most-where-few",
            f"pretraining gains more with {few:,} labels than with {many:,}",
            gain_shrinks,
            unit="accuracy",
        ),
        claims.every(
            "whole-model-beats-vectors",
            "pretraining the whole LSTM beats pretraining its word vectors at every number of labels",
            over_vectors,
            unit="accuracy",
            explanation=VECTORS_SUFFICE,
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
        ),
    ]


def accuracy_table(settings: Settings, cells: Cells) -> Table:
    """Systems × numbers of labels."""
    rows: list[list[Entry]] = [
        [system, *([100 * x for x in values(cells, system, n, "test_accuracy")] for n in settings.label_counts)]
        for system in SYSTEMS
    ]
    columns = ["start", *(f"{n:,} labels" for n in settings.label_counts)]
    return Table("Test accuracy of sentiment in percent (chance: 50)", columns, rows, digits=1)


def travel_table(settings: Settings, cells: Cells) -> Table:
    """How far finetuning went and how it ended, at one number of labels."""
    n = middle(settings)
    rows: list[list[Entry]] = []
    for system in SYSTEMS:
        row: list[Entry] = [system]
        for name in ("relative_distance", "gap"):
            for k in range(len(settings.finetuning_lrs)):
                row.append([cell["trials"][k][name] for cell in cells[system, n]])
        for n_new in (0, 2):
            row.append([100 * cell["accuracy_by_new_words"][n_new] for cell in cells[system, n]])
        rows.append(row)
    columns = [f"{name}, rate {lr:g}" for name in ("distance", "gap") for lr in settings.finetuning_lrs]
    caption = (
        f"Where finetuning on {n:,} labels ends. For each learning rate: the distance from the start, relative to the "
        "start's norm, and the gap between the losses on dev and training examples (nats). Then the accuracy (percent) "
        "on test examples whose adjectives were both in the lexicon of the training examples, and neither"
    )
    return Table(caption, ["start", *columns, "words seen", "words new"], rows, digits=2)


def draw(settings: Settings, cells: Cells, records: dict[str, list[dict[str, Any]]], run: Run) -> None:
    """The three figures."""
    n = middle(settings)
    run.figure(
        "accuracy",
        draw_accuracy(settings, cells),
        "Test accuracy against the number of labelled examples; bands: one standard deviation.",
    )
    run.figure(
        "pretraining",
        draw_pretraining(settings, records),
        "Pretraining: the loss of each seed on text that it reads for the first time.",
    )
    run.figure(
        "line",
        draw_line(n, cells),
        f"The training loss along the straight line from the start of finetuning to its end, {n:,} labels.",
    )


COLOURS = dict(zip(SYSTEMS, figures.COLOURS, strict=False))
DASHES = {RANDOM_LSTM: "--", RANDOM_TRANSFORMER: "--"}


def draw_accuracy(settings: Settings, cells: Cells) -> Drawing:
    """Accuracy against labels, a line for each start."""
    counts = settings.label_counts
    figure, axes = figures.subplots()
    for system in SYSTEMS:
        by_count = np.array([values(cells, system, n, "test_accuracy") for n in counts])
        mean, spread = by_count.mean(axis=1), by_count.std(axis=1)
        axes.plot(counts, mean, DASHES.get(system, "-"), marker="o", color=COLOURS[system], label=system)
        axes.fill_between(counts, mean - spread, mean + spread, alpha=0.15, color=COLOURS[system])
    axes.axhline(0.5, color=figures.INK, linestyle=":")
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [f"{n:,}" for n in counts])
    axes.set(xlabel="labelled examples", ylabel="test accuracy", ylim=(0.4, 1.03))
    axes.legend()
    return figure


def draw_pretraining(settings: Settings, records: dict[str, list[dict[str, Any]]]) -> Drawing:
    """The loss of both language models, a line for each seed, under the unigram entropy."""
    figure, axes = figures.subplots()
    for system in (LSTM, TRANSFORMER):
        for k, record in enumerate(records[system]):
            steps = (np.arange(len(record["losses"])) + 0.5) / len(record["losses"]) * settings.pretraining_steps
            label = system if k == 0 else None
            axes.plot(steps, record["losses"], linewidth=1, color=COLOURS[system], label=label)
    entropy = records[LSTM][0]["unigram_entropy"]
    axes.axhline(entropy, color=figures.INK, linestyle=":")
    axes.text(settings.pretraining_steps, entropy, "unigram entropy", ha="right", va="bottom")
    axes.set(xlabel="pretraining step", ylabel="loss (nats per token)")
    axes.legend()
    return figure


def draw_line(n_labels: int, cells: Cells) -> Drawing:
    """The loss between start and end of finetuning, a line for each seed, an axis for each architecture."""
    figure, axes = figures.subplots(1, 2, size=(7.6, 3.4), sharey=True)
    for axis, (architecture, starts) in zip(axes, FROM_TO.items(), strict=True):
        for system in starts:
            for k, cell in enumerate(cells[system, n_labels]):
                label = system if k == 0 else None
                axis.plot(LINE, cell["line"], DASHES.get(system, "-"), linewidth=1, color=COLOURS[system], label=label)
        axis.set(xlabel="from start (0) to end (1)", title=architecture, yscale="log")
        axis.legend()
    axes[0].set_ylabel("training loss (nats)")
    return figure


def middle(settings: Settings) -> int:
    """The number of labels that the table and the straight line are shown for."""
    return settings.label_counts[len(settings.label_counts) // 2]
