"""From accuracies to claims, tables and learning curves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from experiments.evidence import claims, figures
from experiments.evidence.claims import Claim
from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.evidence.table import Entry, Table
from experiments.lab import zoo
from experiments.running.work import Checkpoint, Work
from experiments.tables.fill_in_the_blank.systems import (
    COUNTING,
    DECODER,
    ELMO,
    ENCODER,
    LARGE_DECODER,
    LARGE_ENCODER,
    LSTM,
    PRETRAINED,
    SETS,
    Settings,
    recipe_of,
    settings_summary,
)
from experiments.text.toy_world.tasks.blanks import CLUE_AFTER, CLUE_BEFORE, SKILLS

Starts = dict[str, list[Checkpoint]]
"""System → its pretrained checkpoints, one for each seed."""

Cells = dict[str, list[dict[str, dict[str, float]]]]
"""System → for each seed its accuracies: set of blanks → kind → share."""

SIDES = tuple(SETS)
TRACKING_IS_ALL_OR_NOTHING = (
    "Only tracking, where things are after somebody has moved, is not separated. A small model learns it within a few "
    "hundred steps or, within this budget, not at all: it ends at 100% with some seeds and at chance with others. All "
    "other kinds come out with every seed."
)
LEARNT = 0.9
"""A skill counts as learnt from the first look on at which its probe is at least this."""


def result(settings: Settings, cells: Cells, starts: Starts, work: Work) -> Result:
    """The table's whole result."""
    grid = Grid()
    for system, of_seeds in cells.items():
        for side in SIDES:
            grid[system, side].extend(accuracies[side] for accuracies in of_seeds)
    draw(starts, work)
    records = {system: [start.record for start in of_seeds] for system, of_seeds in starts.items()}
    return Result(
        lecture_says=(
            "To reconstruct a text, a model has to learn what the text depends on: facts, syntax, coreference, topics, "
            "sentiment, where things are, and a little arithmetic."
        ),
        tables=[*(accuracy_table(grid, side) for side in SIDES), arrival_table(records)],
        claims=judge(grid),
        configs=settings_summary(settings),
        parameters={s: recipe_of(s, settings).untrained(0).num_parameters() for s in PRETRAINED},
        tokens={system: zoo.tokens_read(of_seeds) for system, of_seeds in starts.items()},
    )


# -- claims -----------------------------------------------------------------------------------------


def judge(grid: Grid) -> list[Claim]:
    """The lecture's claims."""
    over_counts = {
        f"{kind}, {system}": grid.differences(system, best_count(grid, kind), "clue before", kind)
        for kind in CLUE_BEFORE
        for system in (DECODER, ENCODER)
    }
    both_sides = {kind: grid.differences(ENCODER, DECODER, "clue after", kind) for kind in CLUE_AFTER}
    larger = {kind: grid.differences(LARGE_ENCODER, LARGE_DECODER, "clue after", kind) for kind in CLUE_AFTER}
    return [
        claims.every(
            "beats-counting",
            "after pretraining, every kind of blank is filled in better than by unigram and bigram counts",
            over_counts,
            unit="accuracy",
            explanation=TRACKING_IS_ALL_OR_NOTHING,
        ),
        claims.every(
            "encoder-sees-both-sides",
            "where the clue comes after the blank, the encoder beats the decoder",
            both_sides | {f"{kind}, large": differences for kind, differences in larger.items()},
            unit="accuracy",
            explanation=TRACKING_IS_ALL_OR_NOTHING,
        ),
    ]


def best_count(grid: Grid, kind: str) -> str:
    """The better of the two counting baselines for a kind, over all seeds."""
    return max(COUNTING, key=lambda system: float(np.mean(grid.values(system, "clue before", kind))))


# -- tables -----------------------------------------------------------------------------------------


def accuracy_table(grid: Grid, side: str) -> Table:
    """Systems × kinds of blanks."""
    captions = {
        "clue before": "Accuracy in percent where the clue comes before the blank",
        "clue after": "Accuracy in percent where the clue comes after the blank: the last three systems see it",
        "skills": "Accuracy in percent on single skills that downstream tasks need",
    }
    kinds = list(SETS[side])
    rows: list[list[Entry]] = [
        [system, *([100 * value for value in grid.values(system, side, kind)] for kind in kinds)]
        for system in (*COUNTING, *PRETRAINED)
    ]
    return Table(captions[side], ["system", *kinds], rows, digits=0)


def arrival_table(records: dict[str, list[dict[str, Any]]]) -> Table:
    """For each skill, the millions of targets after which each system has learnt it."""
    rows: list[list[Entry]] = []
    for kind in (*CLUE_BEFORE, *SKILLS):
        row: list[Entry] = [kind]
        for system in PRETRAINED:
            found = [arrival(record["probes"], kind) for record in records[system]]
            row.append([look["targets"] / 1e6 for look in found if look is not None] if all(found) else None)
        rows.append(row)
    caption = (
        f"When each skill is learnt: millions of targets (tokens that carry loss) until its probe is at {LEARNT:.0%} "
        "for the first time. No entry: not with every seed within the budget"
    )
    return Table(caption, ["skill", *PRETRAINED], rows, digits=2)


def arrival(probes: Sequence[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    """The first look at which a skill is learnt, or None."""
    return next((look for look in probes if look[kind] >= LEARNT), None)


# -- figures ----------------------------------------------------------------------------------------


def draw(starts: Starts, work: Work) -> None:
    """Learning curves, and when each skill arrives."""
    work.figure(
        "learning-curves",
        draw_curves(starts, "steps", "pretraining step"),
        "Learning curves of the small models: the accuracy on dev blanks along pretraining, the mean over seeds. A "
        "skill stays at chance for long and is then learnt within a few hundred steps, each at its own time. Before "
        "that time a downstream task that needs the skill cannot tell a pretrained model from a random one. So all "
        "tables use one budget, at which the compared models have learnt what their tasks need.",
    )
    work.figure(
        "learning-curves-by-targets",
        draw_curves(starts, "targets", "targets (tokens that carry loss)"),
        "The same curves against targets. An encoder predicts only the hidden tokens, so the same text gives it a "
        "sixth of a decoder's targets; counted in targets it is not slower.",
    )
    work.figure(
        "arrivals",
        draw_arrivals(starts),
        f"When each skill is learnt: the targets after which its probe is at {LEARNT:.0%} for the first time, a dot "
        "for each seed. A skill without a dot is not learnt within the budget.",
    )


def draw_curves(starts: Starts, against: str, label: str) -> Drawing:
    """Two rows of axes: the decoder and the encoder. Two columns: the lecture's kinds, and the further skills."""
    figure, axes = figures.subplots(2, 2, size=(9.6, 6.4), sharey=True, sharex="row")
    for row, system in zip(axes, (DECODER, ENCODER), strict=True):
        for axis, kinds in zip(row, (CLUE_BEFORE, SKILLS), strict=True):
            curves(axis, [start.record["probes"] for start in starts[system]], list(kinds), against)
            axis.set(title=system, xlabel=label, ylim=(-0.03, 1.05))
            axis.locator_params(axis="x", nbins=6)
            axis.legend(fontsize="x-small", ncols=2, loc="lower right")
        row[0].set_ylabel("accuracy")
    return figure


def curves(axis: Axes, of_seeds: Sequence[Sequence[dict[str, Any]]], kinds: Sequence[str], against: str) -> None:
    """A line for each kind: the mean over seeds."""
    places = np.mean([[look[against] for look in looks] for looks in of_seeds], axis=0)
    for number, kind in enumerate(kinds):
        values = np.mean([[look[kind] for look in looks] for looks in of_seeds], axis=0)
        colour, dashes = figures.COLOURS[number % 8], "-" if number < 8 else "--"
        axis.plot(places, values, dashes, linewidth=1.3, color=colour, label=kind)


def draw_arrivals(starts: Starts) -> Drawing:
    """A row for each skill, a colour for each system; the axis counts targets."""
    kinds = [*CLUE_BEFORE, *SKILLS]
    figure, axes = figures.subplots(size=(7.6, 5.2))
    for number, system in enumerate((LSTM, DECODER, LARGE_DECODER, ELMO, ENCODER, LARGE_ENCODER)):
        for row, kind in enumerate(kinds):
            found = [arrival(start.record["probes"], kind) for start in starts[system]]
            targets = [look["targets"] for look in found if look is not None]
            place = [row + (number - 2.5) * 0.12] * len(targets)
            label = system if row == 0 else None
            axes.scatter(targets, place, s=12, color=figures.COLOURS[number], label=label)
    axes.set_yticks(range(len(kinds)), kinds)
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="targets (tokens that carry loss)")
    axes.legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
