"""Runs cases in a process of the student's code: time limits, crashes, restarts."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lectures.grading import wire
from lectures.grading.exercise import Assignment, Case, Exercise
from lectures.grading.folder import place, sources, with_stubs
from lectures.grading.overlay import module_name

STARTING = 60.0  # seconds that a process may need to import the library, on a busy machine
MOST_RESTARTS = 3


@dataclass(frozen=True)
class Failure:
    """A call without an output: its error, or why it was stopped."""

    text: str
    place: str = ""


@dataclass(frozen=True)
class Stubbed:
    """A call that reached a function which is not written yet."""

    text: str


@dataclass
class Run:
    """What came of the cases: an output, a Failure or a Stubbed for each; the time and memory of all."""

    outputs: list[Any] = field(default_factory=list)
    seconds: float = 0.0
    megabytes: int = 0


def run(
    folder: Path, assignment: Assignment, exercise: Exercise, cases: Sequence[Case], project: Path,
    *, limit: float | None = None, without: Iterable[str] = (),
) -> Run:  # fmt: skip
    """Call the student's code for each case.

    Args:
        folder: the student's.
        assignment: the one whose adapters are called.
        exercise: says the limits.
        cases: in order. After one that crashes or takes too long, the others run in a new process.
        project: the folder that holds the library.
        limit: seconds for all calls together; by default those of the exercise.
        without: files of the folder that are passed over.
    """
    result = Run()
    deadline = limit or exercise.seconds
    with tempfile.TemporaryDirectory() as scratch:
        restarts = 0
        while len(result.outputs) < len(cases):
            if restarts > MOST_RESTARTS or result.seconds >= deadline:
                result.outputs.append(Failure("not run: the calls before it took too long or ended the process"))
                continue
            process = _Process(folder, assignment, exercise, project, Path(scratch), without)
            try:
                if not process.wait_until_ready():
                    late = Failure(f"importing your files takes more than {STARTING:.0f} seconds; does a loop end?")
                    result.outputs += [late] * (len(cases) - len(result.outputs))
                while len(result.outputs) < len(cases) and result.seconds < deadline and process.alive:
                    case = cases[len(result.outputs)]
                    process.ask(case, min(case.seconds, deadline - result.seconds), result)
            finally:
                process.end()
            restarts += 1
    return result


@cache
def withheld(assignment: Assignment, project: Path) -> dict[str, str]:
    """The stubs that take the place of what is not in the student's folder, by the name of the module."""
    texts = with_stubs(sources(assignment, project, {}), assignment.exercises, project)
    return {module_name(Path(place(file, assignment))): text for file, text in texts.items() if file.endswith(".py")}


class _Process:
    """The student's process, from its start to its end."""

    def __init__(
        self, folder: Path, assignment: Assignment, exercise: Exercise, project: Path, scratch: Path,
        without: Iterable[str],
    ) -> None:  # fmt: skip
        self.alive = True
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  # `end` closes it
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lectures.grading.child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, cwd=scratch, encoding="utf-8",
            env=_environment(project, scratch, exercise.jit),
        )  # fmt: skip
        self.answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        setup = {
            "folder": str(folder.resolve()), "scratch": str(scratch), "adapters": assignment.adapters,
            "megabytes": exercise.megabytes, "withheld": withheld(assignment, project), "without": list(without),
        }  # fmt: skip
        self._send(setup)

    def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            for line in self.process.stdout:
                self.answers.put(line)
        except (OSError, ValueError):  # the pipe was closed, or holds what is no text
            pass
        self.answers.put("")

    def _send(self, message: Any) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{wire.encode(message)}\n")
            self.process.stdin.flush()
        except OSError:  # the process has ended: reading its answer says so
            pass

    def wait_until_ready(self) -> bool:
        """Wait until the student's files are imported; False if that takes too long."""
        try:
            line = self.answers.get(timeout=STARTING)
        except queue.Empty:
            self.alive = False
            return False
        if not line:  # the process has ended; the first request finds out why
            self.answers.put("")
        return True

    def ask(self, case: Case, seconds: float, result: Run) -> None:
        """Append the output of a case, and add its time."""
        self._send({"function": case.function, "arguments": case.arguments})
        start = time.monotonic()
        try:
            line = self.answers.get(timeout=seconds)
        except queue.Empty:
            self.alive = False
            result.seconds += seconds
            result.outputs.append(Failure(f"stopped after {seconds:.0f} seconds; does a loop end?"))
            return
        try:
            answer = wire.decode(line)
        except (ValueError, KeyError, EOFError):
            self.alive = False
            result.seconds += time.monotonic() - start
            result.outputs.append(Failure(self._ending()))
            return
        result.seconds += answer.get("seconds", 0.0)
        result.megabytes = max(result.megabytes, answer.get("megabytes", 0))
        if "stub" in answer:
            result.outputs.append(Stubbed(answer["stub"]))
        elif "error" in answer:
            text = f"{answer['error']}: {answer['message']}" if answer["message"] else answer["error"]
            result.outputs.append(Failure(text, answer["place"]))
        else:
            result.outputs.append(answer["output"])

    def _ending(self) -> str:
        """Why the process ended, in words."""
        self.process.wait(timeout=10)
        self.errors.seek(0)
        said = self.errors.read().decode("utf-8", errors="replace").strip().splitlines()
        code = self.process.returncode
        return f"the process ended (exit code {code})" + (f": {said[-1][:200]}" if said else "")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what was still to be written is of no use any more
                pipe.close()


def _environment(project: Path, scratch: Path, jit: bool) -> dict[str, str]:
    """Few variables, so that it passes here if it passes there; no settings of the user's."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8",
        "HOME": str(scratch), "USERPROFILE": str(scratch), "TMPDIR": str(scratch), "NUMBA_CACHE_DIR": str(scratch),
        "OPENBLAS_NUM_THREADS": "1", "NUMBA_DISABLE_JIT": "0" if jit else "1",
        "NUMBA_NUM_THREADS": "2",  # a race shows with two threads, also on one core
    }  # fmt: skip
