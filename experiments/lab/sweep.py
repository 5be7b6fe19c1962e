"""Choosing a hyperparameter on dev examples, in a world that is not used for results. Every trial is recorded."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from experiments.running.contract import MOST_SEEDS
from minigrad.checks import number

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
    """For each system, the choice with the highest mean of `better` on dev; between equals, the lowest mean of `then`.

    Args:
        choices: system → the values to try. A single value is chosen without a trial.
        measure: asks for the cells of one system and one value, and returns their measurements. It is called for all
            values before any measurement is read, so that the cells can be computed in parallel.

    Returns:
        system → its choice, and a row for each trial, for a result's `sweep`.
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


def positive_choices(name: str, values: Sequence[float], of: str = "value") -> None:
    """Check what dev chooses from, such as learning rates: one number or several, all above 0.

    Args:
        of: what a value is called, for the error message.

    Raises:
        TypeError: if one is not a number.
        ValueError: if there is none, or one is not above 0.
    """
    if not values:
        raise ValueError(f"{name} must hold at least one {of}, got none")
    for value in values:
        number(name, value, above=0)
