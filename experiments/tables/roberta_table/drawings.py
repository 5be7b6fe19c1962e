"""The figures: the table as dots, and what is learnt along pretraining."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from experiments.evidence import figures
from experiments.evidence.grid import Grid
from experiments.running.work import Checkpoint, Work
from experiments.tables.roberta_table.systems import COLUMNS, ROWS, Settings
from experiments.text.toy_world.tasks.blanks import CLUE_AFTER, CLUE_BEFORE, SKILLS

BLANKS = (*CLUE_BEFORE, *(f"{kind}, after" for kind in CLUE_AFTER), *SKILLS)
WORD_RELATIONS = ("category", "synonym", "antonym")
"""The blanks that ask for what inference needs: which word is a kind of, the same as, or the opposite of another."""

COLOURS = dict(zip(ROWS, figures.COLOURS, strict=False))


def draw(settings: Settings, starts: dict[str, list[Checkpoint]], grid: Grid, work: Work) -> None:
    """The table as dots, and what is learnt along pretraining."""
    work.figure(
        "scores",
        draw_scores(settings, grid),
        "The table as a picture. Above ours: a dot for each seed, a line for the mean. Below the lecture's.",
    )
    work.figure(
        "pretraining",
        draw_pretraining(starts),
        "What is learnt along pretraining, a line for each seed: accuracy on dev blanks against targets (tokens that "
        "carry loss). Left all kinds of blanks, right those that ask for a category, a synonym or an antonym. The rows "
        "with additional data are three places of the same training. A dot is where a row is measured.",
    )


def draw_scores(settings: Settings, grid: Grid) -> Drawing:
    """A column of axes for each task; our scores above, the lecture's below."""
    tasks, places = list(settings.finetuning), np.arange(len(settings.rows))
    figure, axes = figures.subplots(2, len(tasks), size=(2.6 * len(tasks), 5.2), sharex=True, squeeze=False)
    for column, task in enumerate(tasks):
        ours, theirs = axes[:, column]
        for place, row in zip(places, settings.rows, strict=True):
            scores = [100 * value for value in grid.values(row, task, "score")]
            ours.scatter([place] * len(scores), scores, s=16, color=COLOURS[row])
            ours.hlines(np.mean(scores), place - 0.3, place + 0.3, color=COLOURS[row])
            theirs.scatter([place], [ROWS[row].scores[COLUMNS.index(task)]], s=24, color=COLOURS[row])
        ours.set_title(task)
        theirs.set_xticks(places, settings.rows, rotation=60, ha="right", fontsize="x-small")
        ours.margins(x=0.15)
    axes[0, 0].set_ylabel("ours (percent)")
    axes[1, 0].set_ylabel("lecture (percent)")
    return figure


def draw_pretraining(starts: dict[str, list[Checkpoint]]) -> Drawing:
    """Probes against targets: all blanks, and those of word relations."""
    figure, axes = figures.subplots(1, 2, size=(9.6, 3.8), sharey=True)
    for axis, kinds, title in zip(
        axes, (BLANKS, WORD_RELATIONS), ("all blanks", "category, synonym, antonym"), strict=True
    ):
        for row in sorted(starts, key=lambda row: -starts[row][0].record["targets"]):  # the shorter above the longer
            curves(axis, row, starts[row], kinds)
        axis.set(title=title, xlabel="targets (tokens that carry loss)", ylim=(0, 1.03))
        axis.locator_params(axis="x", nbins=5)
    axes[0].set_ylabel("accuracy")
    axes[0].legend(fontsize="small", loc="lower right")
    return figure


def curves(axis: Axes, row: str, of_seeds: list[Checkpoint], kinds: tuple[str, ...]) -> None:
    """A line for each seed of a row."""
    for number, start in enumerate(of_seeds):
        looks = start.record["probes"]
        targets, values = [look["targets"] for look in looks], [mean_of(look, kinds) for look in looks]
        axis.plot(targets, values, linewidth=1, color=COLOURS[row], label=row if number == 0 else None)
        axis.scatter(targets[-1], values[-1], s=16, color=COLOURS[row], zorder=3)


def mean_of(look: dict[str, Any], kinds: tuple[str, ...]) -> float:
    """The mean of some probes at one look."""
    return float(np.mean([look[kind] for kind in kinds]))
