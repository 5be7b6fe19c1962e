"""A grid of measurements: system × condition × seed.

    grid = Grid()
    grid[system, n_labels].append(work.cell(...))          # one for each seed, in the same order for every system

    grid.values("GPT", 16, "accuracy")                     # one number for each seed
    grid.differences("GPT", "random start", 16, "accuracy")  # paired by seed: an effect of the seed on both cancels

Systems are compared under conditions (a task, a number of labels); a measurement is a dictionary of numbers.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from experiments.evidence.table import Entry, Table

Condition = Hashable
Measurement = Mapping[str, Any]


class Grid:
    """The measurements of every system under every condition, a list with one for each seed."""

    def __init__(self) -> None:
        self._measurements: dict[tuple[str, Condition], list[Measurement]] = {}

    def __getitem__(self, place: tuple[str, Condition]) -> list[Measurement]:
        """The measurements of a system under a condition; a new place starts with none."""
        return self._measurements.setdefault(place, [])

    @property
    def systems(self) -> list[str]:
        """In the order in which they were first measured."""
        return list(dict.fromkeys(system for system, _ in self._measurements))

    @property
    def conditions(self) -> list[Condition]:
        """In the order in which they were first measured."""
        return list(dict.fromkeys(condition for _, condition in self._measurements))

    def values(self, system: str, condition: Condition, measure: str) -> list[float]:
        """One measure, a number for each seed.

        Raises:
            KeyError: naming the system and the condition, if nothing was measured there.
        """
        if not self._measurements.get((system, condition)):
            raise KeyError(f"nothing was measured of {system!r} under {condition!r}")
        return [float(measurement[measure]) for measurement in self._measurements[system, condition]]

    def average(self, system: str, conditions: Iterable[Condition], measure: str) -> list[float]:
        """The mean of a measure over several conditions, a number for each seed."""
        columns = [self.values(system, condition, measure) for condition in conditions]
        return [sum(row) / len(row) for row in zip(*columns, strict=True)]

    def differences(self, above: str, below: str, condition: Condition, measure: str) -> list[float]:
        """A measure of one system minus that of another, seed by seed.

        Raises:
            ValueError: if they have different numbers of seeds.
        """
        return subtract(self.values(above, condition, measure), self.values(below, condition, measure))

    def table(
        self,
        caption: str,
        measure: str,
        *,
        first: str,
        names: Mapping[Condition, str],
        scale: float = 1.0,
        digits: int = 2,
        lecture: Mapping[str, Sequence[Entry]] | None = None,
    ) -> Table:
        """A row for each system and a column for each condition; an entry holds one number for each seed.

        Args:
            first: the heading of the column with the systems.
            names: condition → the heading of its column, in the order of the columns.
            scale: what the numbers are multiplied by, such as 100 for percent.
            lecture: system → the lecture's own figures, one for each condition.
        """
        rows: list[list[Entry]] = [
            [system, *([scale * value for value in self.values(system, condition, measure)] for condition in names)]
            for system in self.systems
        ]
        beside = [[system, *lecture.get(system, [None] * len(names))] for system in self.systems] if lecture else []
        return Table(caption, [first, *names.values()], rows, beside, digits)


def subtract(a: Sequence[float], b: Sequence[float]) -> list[float]:
    """Paired differences. Raises ValueError if the lengths differ."""
    if len(a) != len(b):
        raise ValueError(f"differences need one number of seeds, got {len(a)} and {len(b)}")
    return [x - y for x, y in zip(a, b, strict=True)]
