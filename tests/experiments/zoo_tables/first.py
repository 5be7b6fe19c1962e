"""One of the tables, with settings and keys of its own."""

from dataclasses import dataclass

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.running.contract import Estimate
from experiments.running.work import Work
from tests.experiments.zoo_tables import RECIPE, measure

TITLE, LECTURE = "The first table", "The pretraining paradigm"


@dataclass(frozen=True)
class Settings:
    seeds: int
    labels: int = 16


PRESETS = {"quick": Settings(2), "full": Settings(3)}


def estimate(settings: Settings) -> Estimate:
    return Estimate(seconds=1, megabytes=50)


def run(settings: Settings, work: Work) -> Result:
    cells = []
    for seed in range(settings.seeds):
        start = zoo.pretrained(work, RECIPE, seed, "pretraining")
        cells.append(work.cell("measurement", measure, start, seed, seed=seed))
    return Result(", ".join(f"{cell['loss']} {cell['size']}" for cell in cells), [], [])
