"""The figures: the averages with their intervals, and every task beside the lecture's."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing

from experiments.evidence import figures
from experiments.evidence.claims import interval
from experiments.evidence.grid import Grid
from experiments.evidence.table import Entry
from experiments.running.work import Work
from experiments.tables.glue_table.systems import AVERAGED, COLUMNS, NO_CONTEXT, ROWS

SHORT = {NO_CONTEXT: "no pretrained context"}
"""What legends call a row, where that is shorter."""
COLOURS = dict(zip(ROWS, figures.COLOURS, strict=False))
Lecture = Mapping[str, Sequence[Entry]]


def draw(grid: Grid, lecture: Lecture, work: Work) -> None:
    """Both figures."""
    work.figure(
        "averages",
        draw_averages(grid, lecture),
        "The average of each row: the mean over seeds with its 95% interval (bars), each seed (dots), and the "
        "lecture's average (diamonds).",
    )
    work.figure(
        "tasks",
        draw_tasks(grid, lecture),
        "Every column, ours on the left, the lecture's on the right: a colour for each row of the table. Ours are "
        "means over seeds.",
    )


def draw_averages(grid: Grid, lecture: Lecture) -> Drawing:
    """A bar for each row."""
    figure, axis = figures.subplots(size=(7.2, 3.2))
    for place, row in enumerate(ROWS):
        values = np.array(grid.values(row, "average", "score"))
        axis.barh(place, values.mean(), height=0.6, color=COLOURS[row], alpha=0.55)
        if len(values) > 1:
            low, high = interval(values)
            axis.plot([low, high], [place, place], color=figures.INK, linewidth=1.6, solid_capstyle="butt")
        axis.scatter(values, [place] * len(values), s=14, color=COLOURS[row], zorder=3)
        label = "the lecture's average" if place == 0 else None
        axis.scatter(lecture[row][-1:], [place], s=40, marker="D", facecolor="none", edgecolor=figures.INK, label=label)
    axis.set_yticks(range(len(ROWS)), [SHORT.get(row, row) for row in ROWS])
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set(xlabel="average score, %", xlim=(0, 100))
    axis.legend(fontsize="small", loc="upper left", bbox_to_anchor=(0.0, 1.14))
    return figure


def draw_tasks(grid: Grid, lecture: Lecture) -> Drawing:
    """Two axes, a dot for each row and column."""
    figure, axes = figures.subplots(1, 2, size=(9.6, 4.0), sharey=True)
    ours = {row: [float(np.mean(grid.values(row, column, "score"))) for column in AVERAGED] for row in ROWS}
    theirs: dict[str, list[Any]] = {
        row: [value for column, value in zip(COLUMNS, lecture[row], strict=False) if column in AVERAGED] for row in ROWS
    }
    for axis, title, of_rows in zip(axes, ("ours", "the lecture's"), (ours, theirs), strict=True):
        for number, row in enumerate(ROWS):
            places = np.arange(len(AVERAGED)) + (number - 2) * 0.13  # side by side, in the table's order
            axis.scatter(places, of_rows[row], s=22, color=COLOURS[row], label=SHORT.get(row, row))
        axis.set_xticks(range(len(AVERAGED)), AVERAGED, rotation=40, ha="right")
        axis.set(title=title, ylim=(-8, 103))
    axes[0].set_ylabel("score, %")
    figure.legend(
        *axes[0].get_legend_handles_labels(), fontsize="small", ncols=5, loc="outside lower center", frameon=False
    )
    return figure
