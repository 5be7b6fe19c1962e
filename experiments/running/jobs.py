"""Cells spread over processes of this machine or, with `cluster.py`, over other machines.

At toy sizes a second core speeds up a single cell very little; computing a second cell on it doubles the throughput.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO

from experiments.evidence.errors import ExperimentError
from experiments.running.contract import Request
from experiments.running.work import CellName, NotYet, Plan

Compute = Callable[[Request, CellName], None]
"""Computes one cell, wherever, and returns when its file is written."""

TRIES = 3  # for a cell whose process dies


def spread(requests: Sequence[Request], compute: Compute, at_once: int) -> None:
    """Compute all cells of these tables, at most `at_once` at a time; earlier tables come first.

    Whenever a cell has finished, the tables are planned again, because other cells may have waited for it.

    Raises:
        ExperimentError: if a cell fails. Cells that are already running finish first.
    """
    unfinished = list(requests)
    running: dict[Future[None], Path] = {}
    with ThreadPoolExecutor(at_once) as threads:
        while unfinished:
            for request in list(unfinished):
                if len(running) == at_once:
                    break
                ready, complete = plan(request)
                if complete:
                    unfinished.remove(request)
                for path, name in ready.items():
                    if len(running) < at_once and path not in running.values():
                        running[threads.submit(compute, request, name)] = path
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                path = running.pop(future)
                future.result()
                if not path.exists():
                    raise ExperimentError(f"a cell was computed, but its file {path} is not there")


def plan(request: Request) -> tuple[dict[Path, CellName], bool]:
    """The cells of a table that can be computed now, and whether all cells are computed."""
    work = Plan(request)
    try:
        work.run_table()
    except NotYet:
        return work.ready, False
    return work.ready, not work.ready


class Processes:
    """Worker processes of this machine: `with Processes(2) as processes: spread(requests, processes.compute, 2)`.

    If a process dies, for example because memory runs out, its cell is computed again by another.
    """

    def __init__(self, n_processes: int) -> None:
        self._idle: SimpleQueue[_Process] = SimpleQueue()
        self._all = [_Process() for _ in range(n_processes)]
        for process in self._all:
            self._idle.put(process)

    def compute(self, request: Request, name: CellName) -> None:
        """Have an idle process compute the cell.

        Raises:
            ExperimentError: if the cell fails, or kills one process after another.
        """
        process = self._idle.get()
        try:
            for _ in range(TRIES):
                if process.compute(request, name):
                    return
        finally:
            self._idle.put(process)
        raise ExperimentError(f"{request.name}: the process died {TRIES} times over the cell {name.key!r}")

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._all:
            process.end()


class _Process:
    """One worker process. It starts when it is first needed, and again after it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def compute(self, request: Request, name: CellName) -> bool:
        """Compute a cell. True if its file is written, False if the process has died."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = {"request": asdict(request), "key": name.key, "seed": name.seed}
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return False
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            print(f"Warning: the process of {request.name}'s cell {name.key!r} died.", file=sys.stderr, flush=True)
            return False
        if error := json.loads(line).get("error"):
            raise ExperimentError(f"{request.name}: the cell {name.key!r}, seed {name.seed}, failed: {error}")
        return True

    def end(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _start(self) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "experiments.running.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # not a terminal: the bars of several processes would overwrite each other
            encoding="utf-8",
            errors="replace",
        )
        assert process.stderr is not None
        Thread(target=_pass_on, args=(process.stderr,), daemon=True).start()
        return process


def _pass_on(lines: IO[str]) -> None:
    for line in lines:
        print(line, end="", file=sys.stderr, flush=True)
