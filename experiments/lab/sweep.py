"""Choosing a hyperparameter on dev examples, in a world that no result comes from; every trial is recorded."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from experiments.running.contract import MOST_SEEDS

SEED = MOST_SEEDS
"""Of the world in which hyperparameters are chosen. Final results use the seeds 0, 1, 2, …"""

Trial = Mapping[str, Any]


def sweep(
    choices: Mapping[str, Sequence[float]],
    measure: Callable[[str, float], Sequence[Trial]],
    name: str = "learning rate",
    better: str = "dev_accuracy",
    then: str = "dev_loss",
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """For each system the choice with the highest mean of `better` on dev, and between equals the lowest of `then`.

    Args:
        choices: system → what is tried. A single choice is taken without a trial.
        measure: asks for the cells of one system and one choice, and gives their measurements. It is called for all
            choices before any measurement is looked at, so that the cells can be computed side by side.

    Returns:
        system → its choice, and a row for each trial, as a result's `sweep` holds it.
    """
    trials = {
        (system, value): measure(system, value)
        for system, values in choices.items()
        if len(values) > 1
        for value in values
    }
    rows: list[dict[str, Any]] = []
    for (system, value), measurements in trials.items():
        means = {key: sum(float(one[key]) for one in measurements) / len(measurements) for key in (better, then)}
        rows.append({"system": system, name: value, **means})
    chosen = {}
    for system, values in choices.items():
        tried = [row for row in rows if row["system"] == system]
        chosen[system] = max(tried, key=lambda row: (row[better], -row[then], row[name]))[name] if tried else values[0]
    return chosen, rows
