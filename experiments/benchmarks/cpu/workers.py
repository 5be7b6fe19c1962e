"""Contenders in processes of their own, which take turns: while one works, the others wait at their pipes."""

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

PAUSE = 0.15  # seconds between two turns: OpenBLAS's threads spin for 0.1 s after their work is done


@dataclass(frozen=True)
class Contender:
    """Who takes part: a function that makes works ready (see `worker.py`), and the process it runs in.

    Attributes:
        prepare: `module:function`, the module below `experiments.benchmarks.cpu`.
        environment: variables on top of this process's.
        folder: the checkout whose code it runs; None means this process's.
        missing: why it cannot take part; empty if it can.
    """

    prepare: str
    arguments: dict[str, Any] = field(default_factory=dict)
    rehearsal: dict[str, Any] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    missing: str = ""
    folder: Path | None = None


@dataclass
class Outcome:
    """What one contender took for one work, or why there is nothing."""

    seconds: list[float] = field(default_factory=list)
    peak_mb: float | None = None  # how far the resident memory grew over what there was before building
    about: dict[str, Any] = field(default_factory=dict)
    missing: str = ""
    result: Any = None  # what the work returned

    @property
    def median(self) -> float | None:
        """Of the seconds."""
        return statistics.median(self.seconds) if self.seconds else None


class Worker:
    """A contender's process, seen from outside. It starts at once; `wait` until it is ready before its first turn.

    Both raise RuntimeError with the process's own words if it fails.
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
        """Until it has built and warmed up."""
        self.about = self._answer()["about"]

    def turn(self, work: str, seconds: float, untimed: int) -> dict[str, Any]:
        """Let it work for about that long; its answer."""
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
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.communicate()


def as_json(value: object) -> Any:
    """A size or a task among the arguments travels as its numbers."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


@contextmanager
def running(contenders: Mapping[str, Contender]) -> Iterator[tuple[dict[str, Worker], dict[str, str]]]:
    """The workers that are ready, and why the others are not. They end with the block.

    They get ready side by side: that is not timed.
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
    workers: Mapping[str, Worker], missing: Mapping[str, str], work: str, turns: int, seconds: float, untimed: int = 1
) -> dict[str, Outcome]:
    """Let every worker do one work in turn, so many times; every other round goes backwards.

    Each turn takes about `seconds`. A worker that lacks this work, or fails at it, is left out from there on.
    """
    outcomes = {name: Outcome(about=worker.about) for name, worker in workers.items()}
    for number in range(turns):
        for name in list(workers)[:: 1 if number % 2 == 0 else -1]:
            outcome = outcomes[name]
            if outcome.missing:
                continue
            time.sleep(PAUSE)
            try:
                answer = workers[name].turn(work, seconds, untimed)
            except (RuntimeError, OSError) as error:
                outcome.missing = str(error)
                continue
            outcome.seconds += answer["seconds"]
            outcome.peak_mb, outcome.result = answer["peak_mb"], answer["result"]
    return outcomes | {name: Outcome(missing=why) for name, why in missing.items()}
