"""Contenders in separate processes, which take turns: while one works, the others wait for input."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

PAUSE = 0.15  # seconds between two turns: OpenBLAS's threads spin for 0.1 s after their work


@dataclass(frozen=True)
class Contender:
    """A function that prepares works (see `worker.py`), and the process in which it runs.

    Attributes:
        prepare: `module:function`, the module below `experiments.benchmarks.cpu`.
        environment: variables added to this process's.
        folder: the checkout whose code it runs; None means this process's.
        missing: why it cannot take part; "" if it can.
    """

    prepare: str
    arguments: dict[str, Any] = field(default_factory=dict)
    rehearsal: dict[str, Any] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    missing: str = ""
    folder: Path | None = None


@dataclass
class Outcome:
    """The times of one contender for one work, or why there are none."""

    seconds: list[float] = field(default_factory=list)
    peak_mb: float | None = None  # the growth of resident memory since before the preparation
    about: dict[str, Any] = field(default_factory=dict)
    missing: str = ""
    result: Any = None  # of the last call

    @property
    def median(self) -> float | None:
        """The median of the seconds."""
        return statistics.median(self.seconds) if self.seconds else None


class Worker:
    """A contender's process, seen from outside. It starts at once; call `wait` before its first turn.

    Both methods raise RuntimeError with the process's own message if it fails.
    """

    def __init__(self, contender: Contender) -> None:
        arguments = [json.dumps(value, default=as_json) for value in (contender.arguments, contender.rehearsal)]
        function = f"experiments.benchmarks.cpu.{contender.prepare}"
        source = {"PYTHONPATH": str(contender.folder)} if contender.folder else {}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "experiments.benchmarks.cpu.worker", function, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
            env=os.environ | contender.environment | source,
            cwd=contender.folder,
        )  # fmt: skip
        self.about: dict[str, Any] = {}

    def wait(self) -> None:
        """Wait until it is prepared and warmed up."""
        self.about = self._answer()["about"]

    def turn(self, work: str, seconds: float, untimed: int) -> dict[str, Any]:
        """Let it work for about so many seconds, and return its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"work": work, "seconds": seconds, "untimed": untimed}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process ended with exit code {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def close(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.communicate()


def as_json(value: object) -> Any:
    """A size or a task among the arguments, as JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


@contextmanager
def running(contenders: Mapping[str, Contender]) -> Iterator[tuple[dict[str, Worker], dict[str, str]]]:
    """The workers that are ready, and the reasons why others are not. Their processes end with the block.

    They prepare in parallel, because preparation is not timed.
    """
    started: dict[str, Worker] = {}
    missing = {name: contender.missing for name, contender in contenders.items() if contender.missing}
    try:
        for name, contender in contenders.items():
            if not contender.missing:
                started[name] = Worker(contender)
        for name, worker in started.items():
            try:
                worker.wait()
            except RuntimeError as error:
                missing[name] = str(error)
        yield {name: worker for name, worker in started.items() if name not in missing}, missing
    finally:
        for worker in started.values():
            worker.close()


def take_turns(
    workers: Mapping[str, Worker],
    missing: Mapping[str, str],
    work: str,
    turns: int,
    seconds: float,
    untimed: int = 1,
    pause: float = PAUSE,
) -> dict[str, Outcome]:
    """Run one work in every worker in turn, for so many turns; every other round is in reverse order.

    Each turn takes about `seconds`. A worker that does not have this work, or fails, takes no further turns.
    """
    outcomes = {name: Outcome(about=worker.about) for name, worker in workers.items()}
    for number in range(turns):
        for name in list(workers)[:: 1 if number % 2 == 0 else -1]:
            outcome = outcomes[name]
            if outcome.missing:
                continue
            time.sleep(pause)
            try:
                answer = workers[name].turn(work, seconds, untimed)
            except (RuntimeError, OSError) as error:
                outcome.missing = str(error)
                continue
            outcome.seconds += answer["seconds"]
            outcome.peak_mb, outcome.result = answer["peak_mb"], answer["result"]
    return outcomes | {name: Outcome(missing=why) for name, why in missing.items()}
