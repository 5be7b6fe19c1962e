"""What a table's module defines, and how one is named: the same words for the command line and for workers."""

import dataclasses
import difflib
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import Result

MOST_SEEDS = 1000
"""Seeds are 0, 1, 2, … below this; from here on they belong to worlds in which choices are made (`lab/sweep.py`)."""

NAMES = ("TITLE", "LECTURE", "PRESETS", "estimate", "run")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'subword_table'?)` where a known word looks like it, else nothing."""
    alike = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f" (did you mean {alike[0]!r}?)" if alike else ""


@dataclass(frozen=True)
class Estimate:
    """What a run will take on two CPU cores: seconds of wall time, megabytes of memory at the peak."""

    seconds: float
    megabytes: float


class TableModule(Protocol):
    """The names that a table's module has."""

    __name__: str
    TITLE: str
    LECTURE: str  # the heading in the lecture
    PRESETS: dict[str, Any]  # "quick" and "full" -> settings: a frozen dataclass of the table's own.
    # Where seeds matter it has a field `seeds: int`, how many.

    def estimate(self, settings: Any) -> Estimate:
        """Time and memory for these settings."""

    def run(self, settings: Any, work: Any) -> Result:
        """Do the work with a `Work` (`experiments/running/work.py`). After a kill, and in every worker process, this
        is called again and finds the cells that are finished: whatever takes time goes into cells."""


@dataclass(frozen=True)
class Request:
    """A table that is to be run, and how; everything that a worker process has to know.

    Attributes:
        module: the table's module, such as `experiments.tables.subword_table`.
        seeds: instead of the preset's number of seeds.
    """

    module: str
    preset: str = "quick"
    seeds: int | None = None
    device: str = "cpu"

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
        """The preset's settings, with another number of seeds if one is given.

        Raises:
            ExperimentError: on an unknown preset, or on too few seeds: at least 1, and 3 for a full result.
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
