"""One of the tables, with settings and keys of its own."""

from dataclasses import dataclass

from experiments.evidence.results import Result
from experiments.running.work import Work
from tests.experiments.zoo_tables import estimate, measured

__all__ = ["LECTURE", "PRESETS", "TITLE", "estimate", "run"]
TITLE, LECTURE = "The first table", "The pretraining paradigm"


@dataclass(frozen=True)
class Settings:
    seeds: int
    labels: int = 16


PRESETS = {"quick": Settings(2), "full": Settings(3)}


def run(settings: Settings, work: Work) -> Result:
    return measured(settings.seeds, work, "pretraining")
