"""From the cells to a grid of accuracies: rows × columns, a value for each seed. The lecture's figures."""

from typing import Any

import numpy as np

from experiments.evidence.grid import Grid
from experiments.evidence.table import Entry
from experiments.tables.gpt_nli_table.systems import (
    COLUMNS,
    FIVE,
    LM,
    MULTI_TASK,
    NO_GAMES,
    ONE,
    ROWS,
    SEEN_WORDS,
    TASKS,
    TASKS_OF,
    Column,
    Settings,
)

Cells = dict[tuple[str, str | None, int, int], dict[str, Any]]
"""Row, task (None: all at once), seed and split → what was measured."""

NEW_WORDS = "new words"
SEEN = "seen words"
"""Test examples about words that the labelled examples do not have, and about those that they have."""
FIRST_SPLIT = "new words, first split"
"""The average of five models has only this split; whatever is compared with it, is compared there."""

LECTURE: dict[str, list[Entry]] = {
    FIVE: [None, None, 89.3, None, None, None],
    ONE: [78.7, 77.9, 88.5, 83.3, None, None],
    MULTI_TASK: [72.2, 72.1, None, None, 82.1, 61.7],
    LM: [82.1, 81.4, 89.9, 88.3, 88.1, 56.0],
}
"""For the average ESIM + ELMo (5x), for one model CAFE, a BiLSTM with attention but without ELMo; then the lecture's
rows of the same names."""


def gather(settings: Settings, cells: Cells) -> Grid:
    """Row × column → for each seed the accuracy on new and on seen words, the mean over its splits."""
    grid = Grid()
    for row in (*ROWS, NO_GAMES):
        splits = range(1 if row == FIVE else settings.splits)
        for seed in range(settings.n_seeds_without_games if row == NO_GAMES else settings.seeds):
            for name, column in COLUMNS.items():
                if not has(row, name):
                    continue
                by_split = [accuracy(cells, row, column, seed, split) for split in splits]
                measurement = {NEW_WORDS: float(np.mean(by_split)), FIRST_SPLIT: by_split[0]}
                if name in SEEN_WORDS:
                    on_seen = [accuracy(cells, row, SEEN_WORDS[name], seed, split) for split in splits]
                    measurement[SEEN] = float(np.mean(on_seen))
                grid[row, name].append(measurement)
    return grid


def advantage(grid: Grid, above: str, below: str, column: str) -> list[float]:
    """The accuracy of one row minus that of another, for each seed that both have."""
    measure = FIRST_SPLIT if FIVE in (above, below) else NEW_WORDS
    ours, theirs = (grid.values(row, column, measure) for row in (above, below))
    return [a - b for a, b in zip(ours, theirs, strict=False)]


def accuracy(cells: Cells, row: str, column: Column, seed: int, split: int) -> float:
    """A row's accuracy on a test set with a seed and a split."""
    if row == MULTI_TASK:
        scores = cells[row, None, seed, split]["scores"][column.task]
    elif row == FIVE:
        scores = cells[ONE, column.task, seed, split]["averaged"]
    else:
        scores = cells[row, column.task, seed, split]["scores"]
    return float(scores[column.test_set]["accuracy"])


def percent(grid: Grid, row: str, column: str, measure: str) -> list[float] | None:
    """An entry of a table: a value for each seed, or None where nothing was measured."""
    if not has(row, column):
        return None
    return [100 * value for value in grid.values(row, column, measure)]


def has(row: str, column: str) -> bool:
    """Whether a row was measured in a column."""
    return COLUMNS[column].task in TASKS_OF.get(row, TASKS)
