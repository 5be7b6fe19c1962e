"""What a table's module defines, and the request that names a table to the command line and to workers."""

import dataclasses
import difflib
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import Result

MOST_SEEDS = 1000
"""Results use seeds below this: 0, 1, 2, … The others are for worlds in which choices are made (`lab/sweep.py`)."""

NAMES = ("TITLE", "LECTURE", "PRESETS", "estimate", "run")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'subword_table'?)` if a known word is similar, else the empty string."""
    alike = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f" (did you mean {alike[0]!r}?)" if alike else ""


@dataclass(frozen=True)
class Estimate:
    """The estimated cost of a run on two CPU cores: seconds of wall time, and megabytes of peak memory."""

    seconds: float
    megabytes: float


class TableModule(Protocol):
    """What a table's module defines."""

    __name__: str
    TITLE: str
    LECTURE: str  # the heading in the lecture
    PRESETS: dict[str, Any]  # "quick" and "full" -> settings: a frozen dataclass of the table's own.
    # Where seeds matter it has a field `seeds: int`, how many.

    def estimate(self, settings: Any) -> Estimate:
        """Time and memory for these settings."""

    def run(self, settings: Any, work: Any) -> Result:
        """Do the work with a `Work` (`experiments/running/work.py`). This is called again after a kill, and in every
        worker process, and finds the finished cells in their files. So everything slow belongs in cells."""


@dataclass(frozen=True)
class Request:
    """Which table to run, and how: everything that a worker process has to know.

    Attributes:
        module: the table's module, such as `experiments.tables.subword_table`.
        seeds: how many, instead of the preset's number.
        fresh: whether pretrained models that came with the package are trained instead.
    """

    module: str
    preset: str = "quick"
    seeds: int | None = None
    device: str = "cpu"
    fresh: bool = False

    @property
    def name(self) -> str:
        """The table's name: the last part of its module's."""
        return self.module.rpartition(".")[2]

    def table(self) -> TableModule:
        """Import the table's module.

        Raises:
            ExperimentError: if it lacks one of the names above.
        """
        module = importlib.import_module(self.module)
        if missing := [name for name in NAMES if not hasattr(module, name)]:
            raise ExperimentError(f"{self.module} does not define {', '.join(missing)}")
        return cast(TableModule, module)

    def settings(self) -> Any:
        """The preset's settings, with the request's number of seeds if it has one.

        Raises:
            ExperimentError: on an unknown preset, or too few seeds: a full result needs 3, any other 1.
        """
        presets = self.table().PRESETS
        if self.preset not in presets:
            meant = did_you_mean(self.preset, presets)
            raise ExperimentError(f"{self.name} has no preset {self.preset!r}{meant}; it has: {', '.join(presets)}")
        settings = presets[self.preset]
        if self.seeds is None:
            return settings
        counts = hasattr(settings, "seeds")
        least = 3 if self.preset == "full" and counts else 1
        if self.seeds < least:
            raise ExperimentError(f"seeds must be at least {least} for the preset {self.preset}, got {self.seeds}")
        if self.seeds > MOST_SEEDS:
            raise ExperimentError(f"seeds must be at most {MOST_SEEDS}, got {self.seeds}")
        return dataclasses.replace(settings, seeds=self.seeds) if counts else settings
