"""What a table's module defines, and the request that names a table to the command line and to workers."""

import dataclasses
import difflib
import importlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import Result

MOST_SEEDS = 1000
"""Results use seeds below this: 0, 1, 2, … The others are for worlds in which choices are made (`lab/sweep.py`)."""

NAMES = ("TITLE", "LECTURE", "PRESETS", "estimate", "run")
OWN_DATA = "own_data"
"""The module in a table's folder that runs its systems on the user's own files: it defines all these names."""
OWN_DATA_NAMES = ("with_files", "describe")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'subword_table'?)` if a known word is similar, else the empty string."""
    by_lower_case = {name.lower(): name for name in known}
    alike = difflib.get_close_matches(word.lower(), list(by_lower_case), n=1)
    return f" (did you mean {by_lower_case[alike[0]]!r}?)" if alike else ""


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


class OwnDataModule(TableModule, Protocol):
    """What a table's `own_data` defines."""

    def with_files(self, settings: Any, files: "OwnFiles") -> Any:
        """The settings with what identifies the contents of the files: equal contents are equal work, wherever they
        are. The files are read here, so that what is wrong with them is said before any work."""

    def describe(self, settings: Any) -> str:
        """One line that says what was read."""


@dataclass(frozen=True)
class OwnFiles:
    """The user's own files, which take the place of the toy world.

    Attributes:
        corpus: a text file, or a folder of them, to pretrain on.
        data: the folder of a data set, to finetune on.
        task: which data set it is; None if the folder's name tells.
    """

    corpus: str
    data: str
    task: str | None = None


def takes_own_files(module: str) -> bool:
    """Whether the table of this module can be run on the user's own files."""
    spec = importlib.util.find_spec(module)
    is_folder = spec is not None and spec.submodule_search_locations is not None
    return is_folder and importlib.util.find_spec(f"{module}.{OWN_DATA}") is not None


@dataclass(frozen=True)
class Request:
    """Which table to run, and how: everything that a worker process has to know.

    Attributes:
        module: the table's module, such as `experiments.tables.subword_table`.
        seeds: how many, instead of the preset's number.
        fresh: whether pretrained models that came with the package are trained instead.
        files: the user's own files to run on, if not on the toy world.
    """

    module: str
    preset: str = "quick"
    seeds: int | None = None
    device: str = "cpu"
    fresh: bool = False
    files: OwnFiles | None = None

    @property
    def name(self) -> str:
        """The table's name: the last part of its module's."""
        return self.module.rpartition(".")[2]

    def table(self) -> TableModule:
        """Import the table's module: with the user's own files, its `own_data`.

        Raises:
            ExperimentError: if it lacks one of the names above.
        """
        path = self.module if self.files is None else f"{self.module}.{OWN_DATA}"
        module = importlib.import_module(path)
        names = NAMES if self.files is None else (*NAMES, *OWN_DATA_NAMES)
        if missing := [name for name in names if not hasattr(module, name)]:
            raise ExperimentError(f"{path} does not define {', '.join(missing)}")
        return cast(TableModule, module)

    def settings(self) -> Any:
        """The preset's settings, with the request's number of seeds if it has one, and with its files.

        Raises:
            ExperimentError: on an unknown preset, or too few seeds: a full result needs 3, any other 1.
            ValueError: if the user's own files cannot be used.
        """
        settings = self._preset()
        if self.files is None:
            return settings
        return cast(OwnDataModule, self.table()).with_files(settings, self.files)

    def _preset(self) -> Any:
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
