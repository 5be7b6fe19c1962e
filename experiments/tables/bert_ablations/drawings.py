"""The figures: scores against the masking rate, learning curves of single skills, and bars."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from experiments.evidence import figures
from experiments.evidence.grid import Grid
from experiments.running.work import Checkpoint, Work
from experiments.tables.bert_ablations.systems import (
    RATES,
    SCORES,
    SYSTEMS,
    VARIANTS,
)

SKILLS_SHOWN = ("syntax", "coreference", "tracking", "topic", "category", "verb", "synonym", "antonym")
"""Those that an encoder of this size learns within the budget, if it learns anything."""


def draw(grid: Grid, starts: dict[str, list[Checkpoint]], work: Work) -> None:
    """The three figures."""
    work.figure(
        "rates",
        draw_rates(grid, starts),
        "Scores against the masking rate, at equal steps and on the same text. Below each rate are the targets that it "
        "gets: at a low rate a model is asked little, at a high one it sees little to answer from. A dot is a seed.",
    )
    work.figure(
        "skills",
        draw_skills(starts),
        "Learning curves: the accuracy on dev blanks along pretraining, the mean over seeds. A skill stays at chance "
        "until its transition. A variant that ends before it cannot show what it would be worth afterwards.",
    )
    work.figure(
        "scores",
        draw_scores(grid),
        "Both scores of each variant: the mean over seeds as a bar, a dot for each seed. The pale bars are the floor.",
    )


def draw_rates(grid: Grid, starts: dict[str, list[Checkpoint]]) -> Drawing:
    """An axis for each of the two scores."""
    rates = sorted(RATES)
    targets = [np.mean([start.record["targets"] for start in starts[RATES[rate]]]) / 1e6 for rate in rates]
    figure, axes = figures.subplots(1, 2, size=(8.0, 3.4))
    for axis, (score, name), colour in zip(axes, SCORES.items(), figures.COLOURS, strict=False):
        values = 100 * np.array([grid.values(RATES[rate], score, "score") for rate in rates])  # (rates, seeds)
        axis.plot(rates, values.mean(axis=1), marker="o", color=colour)
        for of_seed in values.T:
            axis.scatter(rates, of_seed, s=12, color=colour, alpha=0.5)
        axis.set_xticks(rates, [f"{rate:.0%}\n{n:.2g}M" for rate, n in zip(rates, targets, strict=True)])
        axis.set(title=name, xlabel="masking rate, targets", ylabel="percent")
    return figure


def draw_skills(starts: dict[str, list[Checkpoint]]) -> Drawing:
    """An axis for each skill, a line for each variant."""
    figure, axes = figures.subplots(2, 4, size=(10.0, 5.2), sharex=True, sharey=True)
    for axis, skill in zip(axes.flat, SKILLS_SHOWN, strict=True):
        for system, colour in zip(VARIANTS, figures.COLOURS, strict=False):
            curve(axis, starts[system], skill, system, colour)
        axis.set(title=skill, ylim=(-0.03, 1.05))
        axis.locator_params(axis="x", nbins=4)
    for axis in axes[1]:
        axis.set_xlabel("pretraining step")
    for row in axes:
        row[0].set_ylabel("accuracy")
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize="x-small")
    return figure


def curve(axis: Axes, of_seeds: list[Checkpoint], skill: str, label: str, colour: str) -> None:
    """The mean over seeds."""
    looks = [start.record["probes"] for start in of_seeds]
    values = np.mean([[look[skill] for look in of_seed] for of_seed in looks], axis=0)
    axis.plot([look["steps"] for look in looks[0]], values, linewidth=1.2, color=colour, label=label)


def draw_scores(grid: Grid) -> Drawing:
    """Two bars for each system. Those that no claim uses are paler."""
    figure, axes = figures.subplots(1, 2, size=(8.4, 3.6), sharey=True)
    places = np.arange(len(SYSTEMS))
    for axis, (score, name), colour in zip(axes, SCORES.items(), figures.COLOURS, strict=False):
        values = [100 * np.array(grid.values(system, score, "score")) for system in SYSTEMS]
        bars = axis.barh(places, [each.mean() for each in values], color=colour)
        for bar in bars[len(VARIANTS) :]:
            bar.set_alpha(0.4)
        for place, of_seeds in zip(places, values, strict=True):
            axis.scatter(of_seeds, np.full(len(of_seeds), place), s=10, color=figures.INK, zorder=3)
        axis.set(title=name, xlabel="percent")
    axes[0].set_yticks(places, SYSTEMS)
    axes[0].invert_yaxis()
    return figure
