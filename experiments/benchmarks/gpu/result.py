"""The result: checks and times, to JSON and back."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from experiments.benchmarks.gpu.lines import Line, Target
from experiments.evidence.decoding import decode
from experiments.running import places
from minigrad.files import write_text


@dataclass(frozen=True)
class Times:
    """The seconds of a contender's runs, or why there are none."""

    runs: int = 0
    median: float = 0.0
    least: float = 0.0
    most: float = 0.0
    missing: str = ""

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        """A summary, rounded to four digits."""
        median, least, most = (float(f"{of(seconds):.4g}") for of in (statistics.median, min, max))
        return cls(len(seconds), median, least, most)


@dataclass(frozen=True)
class Row:
    """A line, and the times of each contender: "ours" and the peers. A limit of the card has only "ours".

    If `times` is empty, the line was not measured.
    """

    task: str
    shape: str
    amount: float
    unit: str
    limit: str
    peers: list[str]
    target: Target | None
    times: dict[str, Times] = field(default_factory=dict)

    @classmethod
    def of(cls, line: Line, times: dict[str, Times]) -> "Row":
        """The row of a line, with these times."""
        peers = list(line.peers)
        return cls(line.task, line.shape, line.amount, line.unit, line.limit, peers, line.target, times)

    def median(self, name: str) -> float | None:
        """Seconds per call; None if there are no times."""
        times = self.times.get(name)
        return times.median if times is not None and times.runs else None

    def rate(self) -> float | None:
        """Our units per second."""
        seconds = self.median("ours")
        return self.amount / seconds if seconds else None

    def speed(self, other: str) -> float | None:
        """How many times as fast as the other we are."""
        theirs, ours = self.median(other), self.median("ours")
        return theirs / ours if theirs and ours else None


@dataclass(frozen=True)
class Check:
    """How a kernel's values compare with the reference's.

    Attributes:
        worst: the largest error, as a share of the allowed one.
        failures: what is wrong, case by case.
        missing: why nothing could be checked.
    """

    name: str
    cases: int = 0
    worst: float = 0.0
    failures: list[str] = field(default_factory=list)
    missing: str = ""

    @property
    def passed(self) -> bool:
        """Whether the kernel may be timed."""
        return not self.failures and not self.missing


@dataclass
class GPUBenchmark:
    """All checks and measurements, and the card."""

    card: dict[str, Any]
    limits: list[Row] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    kernels: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    wall_seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not any(check.failures for check in self.checks)

    def limit(self, row: Row) -> float | None:
        """The rate of the limit with which a row is compared."""
        return next((limit.rate() for limit in self.limits if limit.task == row.limit), None)

    def speed(self, row: Row, other: str) -> float | None:
        """How many times as fast as the other we are. A "copy" moves as many bytes at the card's own rate."""
        if other != "copy":
            return row.speed(other)
        ours, limit = row.rate(), self.limit(row)
        return ours / limit if ours and limit else None

    def met(self, row: Row) -> bool | None:
        """Whether the row's target is met; None without a target, or if it could not be measured."""
        speed = self.speed(row, row.target.other) if row.target else None
        return None if row.target is None or speed is None else speed >= row.target.at_least


def path() -> Path:
    """The path of the result."""
    return places.results_folder() / "benchmarks" / "gpu.json"


def save(benchmark: GPUBenchmark) -> Path:
    """Write the result as JSON, and return the file's path."""
    file = path()
    write_text(file, json.dumps(asdict(benchmark), indent=1, ensure_ascii=False) + "\n")
    return file


def load(file: Path) -> GPUBenchmark:
    """Read a result.

    Raises:
        ValueError: naming the field, if a field is missing, unknown or of another type.
    """
    return decode(GPUBenchmark, json.loads(file.read_text(encoding="utf-8")), "")
