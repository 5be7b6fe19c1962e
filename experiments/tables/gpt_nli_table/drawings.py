"""Two figures: accuracies beside the lecture's, and words that labels have against words that they do not have."""

import numpy as np
from matplotlib.figure import Figure as Drawing

from experiments.evidence import figures
from experiments.evidence.grid import Grid
from experiments.tables.gpt_nli_table.scores import LECTURE, NEW_WORDS, SEEN, has, percent
from experiments.tables.gpt_nli_table.systems import COLUMNS, NO_GAMES, ROWS, SEEN_WORDS

COLOURS = dict(zip((*ROWS, NO_GAMES), figures.COLOURS, strict=False))


def draw_accuracy(grid: Grid) -> Drawing:
    """Columns along the x axis; in each a place for every row."""
    figure, axes = figures.subplots(size=(8.6, 4.2))
    for number, row in enumerate(grid.systems):
        axes.scatter([], [], s=14, color=COLOURS[row], label=row)  # not every row has a dot in the first column
        for x, name in enumerate(COLUMNS):
            if not has(row, name):
                continue
            values, place = percent(grid, row, name, NEW_WORDS) or [], x + (number - 2) * 0.15
            axes.scatter([place] * len(values), values, s=14, color=COLOURS[row])
            axes.hlines(np.mean(values), place - 0.06, place + 0.06, color=COLOURS[row])
            lecture = LECTURE.get(row, [None] * len(COLUMNS))[x]
            if lecture is not None:
                axes.scatter([place], [lecture], s=18, marker="x", linewidths=1, color=COLOURS[row], alpha=0.6)
    for x, column in enumerate(COLUMNS.values()):
        axes.hlines(100 / column.n_labels, x - 0.4, x + 0.4, color=figures.INK, linestyle=":")
    axes.set_xticks(range(len(COLUMNS)), list(COLUMNS))
    axes.set_ylabel("test accuracy in percent")
    figure.legend(loc="outside lower center", ncols=2, fontsize="small")
    return figure


def draw_seen_words(grid: Grid) -> Drawing:
    """For every column and row a line from the accuracy on new words to that on seen words."""
    figure, axes = figures.subplots(size=(8.6, 4.2))
    for number, row in enumerate(grid.systems):
        axes.scatter([], [], s=18, color=COLOURS[row], label=row)
        for x, name in enumerate(SEEN_WORDS):
            if not has(row, name):
                continue
            place = x + (number - 2) * 0.15
            new, seen = (float(np.mean(percent(grid, row, name, measure) or [])) for measure in (NEW_WORDS, SEEN))
            axes.plot([place, place], [new, seen], linewidth=1.2, color=COLOURS[row])
            axes.scatter([place], [new], s=18, color=COLOURS[row])
            axes.scatter([place], [seen], s=18, facecolors="none", edgecolors=COLOURS[row])
    axes.set_xticks(range(len(SEEN_WORDS)), list(SEEN_WORDS))
    axes.set_ylabel("test accuracy in percent")
    figure.legend(loc="outside lower center", ncols=2, fontsize="small")
    return figure
