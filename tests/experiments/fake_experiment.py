"""A tiny experiment to try the runner and the report on: its "training" adds a few random numbers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.evidence import claims, figures
from experiments.evidence.results import Result
from experiments.evidence.table import Table
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work

TITLE = "Adding numbers, with and without a start"
LECTURE = "The pretraining paradigm"


@dataclass(frozen=True)
class Settings:
    """How much is added."""

    seeds: int
    steps: int


PRESETS = {"quick": Settings(seeds=1, steps=3), "full": Settings(seeds=3, steps=5)}
computed: list[tuple[str, int]] = []  # what the functions below really did, for the tests
fail_at: tuple[str, int] | None = None  # where to be "killed"


def estimate(settings: Settings) -> Estimate:
    """A second a step."""
    return Estimate(seconds=float(settings.steps), megabytes=50)


def run(settings: Settings, work: Work) -> Result:
    """Compare two systems."""
    scores: dict[str, list[float]] = {"random start": [], "pretrained": []}
    measured: dict[str, list[dict[str, float]]] = {"random start": [], "pretrained": []}
    for seed in range(settings.seeds):
        start = work.checkpoint("pretraining", pretrain, settings.steps, seed, seed=seed)
        for name, begin in (("random start", None), ("pretrained", start)):
            measured[name].append(work.cell(name, train, name, seed, begin, settings, seed=seed))
    for name, cells in measured.items():
        scores[name] = [cell["score"] for cell in cells]

    figure, axes = figures.subplots()
    for name, values in scores.items():
        axes.plot(values, label=name)
    axes.legend()
    work.figure("scores", figure, "The score of each seed.")
    rows = [[name, values, settings.steps] for name, values in scores.items()]
    lecture = [["", 70.2, None], ["", 82.1, None]]
    return Result(
        lecture_says="A start that has seen text beats a start that has not.",
        tables=[Table("Scores", ["system", "score", "steps"], rows, lecture, digits=3)],
        claims=[
            claims.compare("better", "pretrained beats random", scores["pretrained"], scores["random start"]),
            claims.every(
                "always", "pretrained is high everywhere", {"a": scores["pretrained"], "b": [1.0] * settings.seeds}
            ),
            claims.holds(
                "wrong", "random beats 9", [x - 9 for x in scores["random start"]], explanation="it is <small>"
            ),
            claims.exact("steps", "steps are few", settings.steps < 10, settings.steps, "counted", unit="steps"),
        ],
        configs={"pretrained": {"d_model": 8}},
        sweep=[{"learning rate": 0.1, "dev": 0.5}, {"learning rate": 0.2, "dev": 0.6}],
        parameters={"pretrained": 1_234},
        tokens={"pretrained": 5_000_000},
        flops={"pretrained": 6e12},
        samples={"a sample": "the <b> dog"},
    )


def pretrain(folder: Path, steps: int, seed: int) -> dict[str, float]:
    """Leaves a file, as training would."""
    note("pretraining", seed)
    (folder / "weights.txt").write_text("0.5", encoding="utf-8")
    return {"start": 5.0 + seed}


def train(name: str, seed: int, start: Checkpoint | None, settings: Settings) -> dict[str, float]:
    """NumPy's numbers, not Python's, as a table would give them."""
    note(name, seed)
    assert start is None or (start.folder / "weights.txt").is_file()
    generator = np.random.default_rng(seed)
    begin = 0.0 if start is None else start.record["start"]
    return {"score": begin + generator.random(settings.steps).astype(np.float32).mean()}


def note(name: str, seed: int) -> None:
    """Note the work, or be killed."""
    if (name, seed) == fail_at:
        raise KeyboardInterrupt
    computed.append((name, seed))
