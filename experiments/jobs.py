"""Several experiments at once, each in a process of its own with its share of the cores.

At toy sizes a second core helps a single run little, and a second run very much.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from experiments.experiment import ExperimentError
from minigrad.threads import VARIABLE, get_num_threads

# What the libraries with threads of their own read when they are loaded.
LIBRARIES = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OMP_NUM_THREADS",
)


def run_together(names: Sequence[str], options: Sequence[str], jobs: int) -> None:
    """Run `python -m experiments run NAME` with these options for each name, `jobs` of them at a time.

    Every line that they print is printed with the experiment's name before it. After Ctrl-C, or a failure,
    what is finished is kept, as ever.

    Raises:
        ExperimentError: if jobs is not at least 1, or once all have ended, naming those that failed.
    """
    if jobs < 1:
        raise ExperimentError(f"jobs must be at least 1, got {jobs}")
    environment = os.environ | share_of_cores(jobs)
    running: dict[str, subprocess.Popen[str]] = {}
    ended, lock = False, Lock()

    def run_one(name: str) -> int:
        command = [sys.executable, "-m", "experiments", "run", name, *options]
        with lock:
            if ended:
                return 130
            running[name] = process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
            )
        assert process.stdout is not None
        for line in process.stdout:
            print(f"[{name}] {line}", end="", flush=True)
        return process.wait()

    with ThreadPoolExecutor(min(jobs, len(names))) as threads:
        try:
            codes = dict(zip(names, threads.map(run_one, names), strict=True))
        except KeyboardInterrupt:
            with lock:
                ended = True
            for process in running.values():
                process.terminate()
            raise
    if failed := [name for name, code in codes.items() if code]:
        raise ExperimentError(f"failed: {', '.join(failed)}; what is finished is kept")


def share_of_cores(jobs: int) -> dict[str, str]:
    """The environment of each of several jobs: how many threads it may have, so that together they have no more
    than there are cores."""
    share = str(max(get_num_threads() // jobs, 1))
    return {VARIABLE: share, **dict.fromkeys(LIBRARIES, share)}
