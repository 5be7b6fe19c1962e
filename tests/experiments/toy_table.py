"""The smallest table there can be, as a new one begins: two systems, two conditions, a sweep, a claim."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

from experiments.evidence import claims
from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.lab.sweep import sweep
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work

TITLE, LECTURE, SYSTEMS = "A toy", "The pretraining paradigm", ("random start", "pretrained")


@dataclass(frozen=True)
class Settings:
    seeds: int


PRESETS = {"quick": Settings(1), "full": Settings(3)}


def estimate(settings: Settings) -> Estimate:
    return Estimate(seconds=1, megabytes=50)


def pretrain(folder: Path, system: str, lr: float, seed: int) -> dict[str, float]:
    return {"skill": 0.0 if system == "random start" else 50 * lr}


def measure(start: Checkpoint, n_labels: int, seed: int) -> dict[str, float]:
    return {"dev_accuracy": start.record["skill"], "dev_loss": 0.0, "accuracy": start.record["skill"] + n_labels + seed}


def run(settings: Settings, work: Work) -> Result:
    def tried(system: str, lr: float) -> list[dict[str, float]]:
        start = work.checkpoint(f"pretraining {system}, {lr}", pretrain, system, lr, 1000)
        return [work.cell(f"sweep {system}, {lr}", measure, start, 16, 1000)]

    lrs, trials = sweep(dict.fromkeys(SYSTEMS, (0.1, 0.2)), tried)
    grid = Grid()
    for seed, system in product(range(settings.seeds), SYSTEMS):
        start = work.checkpoint(f"pretraining {system}", pretrain, system, lrs[system], seed, seed=seed)
        for n in (16, 64):
            grid[system, n].append(work.cell(f"{system}, {n} labels", measure, start, n, seed, seed=seed))
    table = grid.table("Accuracy", "accuracy", first="start", names={16: "16 labels", 64: "64 labels"})
    better = claims.compare(
        "better", "a start is worth having", *(grid.values(s, 16, "accuracy") for s in SYSTEMS[::-1])
    )
    return Result("A start helps.", [table], [better], sweep=trials)
