"""What an experiment is: a module with a docstring and the six names below. The list stands here.

A new experiment is a new module `experiments.<name>` and a new line in `EXPERIMENTS`. Its `run` asks `Run` for every
number that takes time (`experiments/runner.py`) and returns a `Result` (`experiments/results.py`).
"""

import dataclasses
import difflib
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from experiments.results import Result
    from experiments.runner import Run

EXPERIMENTS = (
    "subword_table",
    "pretrain_finetune",
    "model_sizes",
)  # in the lecture's order


MOST_SEEDS = 1000
"""Seeds are 0, 1, …; those from here on are left to what must not be seen by a result, such as a sweep."""


class ExperimentError(ValueError):
    """What was asked for cannot be run or read; the message says what can."""


@dataclass(frozen=True)
class Estimate:
    """What a run will take on two CPU cores: seconds of wall time, megabytes of memory at the peak."""

    seconds: float
    megabytes: float


class Experiment(Protocol):
    """The names an experiment's module has."""

    NAME: str  # the module's name, and what the command line calls it
    TITLE: str
    LECTURE: str  # the heading in the lecture
    PRESETS: dict[str, Any]  # "quick" and "full" -> settings: a frozen dataclass of the experiment's own.
    # Where seeds matter it has a field `seeds: int`, how many. A field `n_threads: int` says with how many threads
    # BLAS and DataParallel compute; without it they have one. Never the machine's number: sums depend on it.

    def estimate(self, settings: Any) -> Estimate:
        """Time and memory for these settings."""

    def run(self, settings: Any, run: "Run") -> "Result":
        """Do the work. A killed run is called again and finds its finished cells."""


def load(name: str) -> Experiment:
    """Import the experiment of that name.

    Raises:
        ExperimentError: if there is none, or its module lacks one of the names.
    """
    if name not in EXPERIMENTS:
        raise ExperimentError(
            f"no experiment is named {name!r}{did_you_mean(name, EXPERIMENTS)}; there are: {', '.join(EXPERIMENTS)}"
        )
    module = importlib.import_module(f"experiments.{name}")
    missing = [part for part in ("NAME", "TITLE", "LECTURE", "PRESETS", "estimate", "run") if not hasattr(module, part)]
    if missing:
        raise ExperimentError(f"experiments.{name} does not define {', '.join(missing)}")
    return cast(Experiment, module)


def choose_settings(experiment: Experiment, preset: str, seeds: int | None = None) -> Any:
    """The preset's settings, with another number of seeds if one is given.

    Raises:
        ExperimentError: on an unknown preset, or on too few seeds (at least 1, and 3 for a full result) or too many.
    """
    if preset not in experiment.PRESETS:
        raise ExperimentError(
            f"{experiment.NAME} has no preset {preset!r}{did_you_mean(preset, experiment.PRESETS)}; "
            f"it has: {', '.join(experiment.PRESETS)}"
        )
    settings = experiment.PRESETS[preset]
    if seeds is None:
        return settings
    counts = hasattr(settings, "seeds")
    least = 3 if preset == "full" and counts else 1
    if seeds < least:
        raise ExperimentError(f"seeds must be at least {least} for the preset {preset}, got {seeds}")
    if seeds > MOST_SEEDS:
        raise ExperimentError(f"seeds must be at most {MOST_SEEDS}, got {seeds}")
    return dataclasses.replace(settings, seeds=seeds) if counts else settings


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'subword_table'?)` where a known word looks like it, else nothing."""
    alike = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f" (did you mean {alike[0]!r}?)" if alike else ""
