"""Several experiments at once, each in a process of its own.

At toy sizes a second core helps a single run little, and a second run very much. How many there are at once changes
no number: how many threads an experiment computes with is one of its settings.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Lock

from experiments.experiment import ExperimentError

SECONDS_TO_NOTICE = 1.0  # for a process to end by itself: a terminal tells all of them about Ctrl-C
SECONDS_TO_END = 10.0  # and to end after it was asked to


def run_together(names: Sequence[str], options: Sequence[str], jobs: int) -> None:
    """Run `python -m experiments run NAME` with these options for each name, `jobs` of them at a time.

    Every line that they print is printed with the experiment's name before it. After Ctrl-C, or a failure,
    what is finished is kept, as ever.

    Raises:
        ExperimentError: if jobs is not at least 1, or once all have ended, naming those that failed.
        BaseException: what else ends it, such as Ctrl-C or a full disk, once all processes have ended.
    """
    check_jobs(jobs)
    running: dict[str, subprocess.Popen[str]] = {}
    ended, lock = False, Lock()

    def run_one(name: str) -> int:
        with lock:
            if ended:
                return 130
            running[name] = process = subprocess.Popen(
                [sys.executable, "-m", "experiments", "run", name, *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                encoding="utf-8", errors="replace",
            )  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            print(f"[{name}] {line}", end="", flush=True)
        return process.wait()

    with ThreadPoolExecutor(max(min(jobs, len(names)), 1)) as threads:
        futures = {name: threads.submit(run_one, name) for name in names}
        try:
            wait(futures.values(), return_when=FIRST_EXCEPTION)
            codes = {name: future.result() for name, future in futures.items() if future.done()}
        except BaseException:
            with lock:
                ended = True
            end(running.values())
            raise
    if failed := [f"{name}{_by_signal(code)}" for name, code in codes.items() if code]:
        raise ExperimentError(f"failed: {', '.join(failed)}; what is finished is kept")


def check_jobs(jobs: int) -> None:
    """Raise ExperimentError if jobs is not at least 1."""
    if jobs < 1:
        raise ExperimentError(f"jobs must be at least 1, got {jobs}")


def end(processes: Collection[subprocess.Popen[str]]) -> None:
    """See to it that all of them have ended: by themselves, or because they are asked to, or because they must."""
    try:
        _wait_for(processes, SECONDS_TO_NOTICE)
        for process in processes:
            if process.poll() is None and sys.platform != "win32":
                process.send_signal(signal.SIGINT)
        _wait_for(processes, SECONDS_TO_END if sys.platform != "win32" else 0)
    finally:  # also after a second Ctrl-C
        for process in processes:
            process.kill()


def _wait_for(processes: Collection[subprocess.Popen[str]], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(process.poll() is None for process in processes):
        time.sleep(0.02)


def _by_signal(code: int) -> str:
    """What to add to the name of a process that did not end by itself."""
    if code >= 0:
        return ""
    try:
        return f" (ended by {signal.Signals(-code).name})"
    except ValueError:
        return f" (ended by signal {-code})"
