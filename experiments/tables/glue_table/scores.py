"""The scores of the table: means over splits, the better of two systems, and the best constant answer."""

import statistics
from collections.abc import Mapping
from typing import Any

from experiments.evidence.grid import Grid
from experiments.tables.glue_table.systems import (
    AVERAGED,
    COLUMNS,
    NO_CONTEXT,
    WITHOUT_CONTEXT,
    Column,
    Draw,
    Settings,
    drawn,
)

Records = Mapping[tuple[str, str, int, int], Mapping[str, Any]]
"""System, task, seed and split → the record of `solve`."""
AVERAGE = "average"


def averaged_over_splits(settings: Settings, records: Records) -> Grid:
    """For each system and column, and for their average, `score` in percent: a number for each seed."""
    grid = Grid()
    for system in (NO_CONTEXT, *settings.systems):
        columns = {name: over_splits(settings, records, system, column) for name, column in COLUMNS.items()}
        columns[AVERAGE] = [statistics.fmean(values) for values in zip(*map(columns.get, AVERAGED), strict=True)]
        for name, values in columns.items():
            grid[system, name].extend({"score": value} for value in values)
    return grid


def over_splits(settings: Settings, records: Records, system: str, column: Column) -> list[float]:
    """A system's score in percent, for each seed the mean over its splits.

    The row without pretrained context has, in each split, the system that is better on dev.
    """
    means = []
    for seed in range(settings.seeds):
        found = []
        for split in range(settings.splits):
            chosen = better_on_dev(records, column.task, seed, split) if system == NO_CONTEXT else system
            scores = records[chosen, column.task, seed, split]["scores"]
            found.append(100 * float(scores[column.test_set][column.metric]))
        means.append(statistics.fmean(found))
    return means


def better_on_dev(records: Records, task: str, seed: int, split: int) -> str:
    """Which of the two systems without pretrained context dev prefers."""

    def on_dev(system: str) -> tuple[float, float]:
        return max((trial["dev_score"], -trial["dev_loss"]) for trial in records[system, task, seed, split]["trials"])

    return max(WITHOUT_CONTEXT, key=on_dev)


def constant_answer(column: Column) -> float:
    """The score in percent of the best answer that is the same for every test example.

    Labels take turns, so any six examples have the shares of all.
    """
    if column.metric in ("matthews", "spearman"):
        return 0.0
    labels = [example.label for example in drawn(Draw(column.task, (0, 0, 6), 0)).test]
    shares = {label: labels.count(label) / len(labels) for label in set(labels)}
    if column.metric == "f1":  # of label 1: all of it is found
        return 100 * 2 * shares[1] / (1 + shares[1])
    return 100 * max(shares.values())
