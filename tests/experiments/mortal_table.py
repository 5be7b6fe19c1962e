"""A table whose training kills its process the first time, as a machine that runs out of memory would."""

import os
import signal
from pathlib import Path

from experiments.evidence.results import Result
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work
from tests.experiments.toy_table import Settings

TITLE, LECTURE = "A training that dies once", "none"
PRESETS = {"quick": Settings(2), "full": Settings(3)}


def estimate(settings: Settings) -> Estimate:
    return Estimate(seconds=1, megabytes=50)


def train(folder: Path, seed: int) -> dict[str, int]:
    if not (folder / "half").exists():
        (folder / "half").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"seed": seed}


def measure(start: Checkpoint) -> dict[str, int]:
    return {"score": 10 * start.record["seed"]}


def run(settings: Settings, work: Work) -> Result:
    scores = []
    for seed in range(settings.seeds):
        start = work.checkpoint("training", train, seed, seed=seed)
        scores.append(work.cell("score", measure, start, seed=seed))
    return Result(", ".join(str(cell["score"]) for cell in scores), [], [])
