"""What a result depends on besides its settings: code, kernels, threads, device, BLAS and versions."""

import functools
import importlib.metadata
import os
import platform
import subprocess
from typing import Any

import numpy as np

from experiments.evidence.results import Environment
from experiments.running import places
from minigrad.device import cupy
from minigrad.kernels import active_kernels
from minigrad.threads import available_cores, blas_threads

# These change how fast NumPy and Numba compute. Cells use the number of threads in their settings, whatever these say.
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
# These change the last digits of results.
NUMBER_VARIABLES = (
    "OPENBLAS_CORETYPE", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "NUMBA_DISABLE_JIT", "NUMBA_CPU_NAME",
    "NUMBA_CPU_FEATURES", "NUMBA_OPT", "CUPY_TF32",
)  # fmt: skip
VARIABLES = (*THREAD_VARIABLES, *NUMBER_VARIABLES)
PACKAGES = ("minigrad", "numpy", "numba", "regex", "safetensors", "matplotlib")


def describe(device: str) -> Environment:
    """The environment of a run on `device`, as it is now."""
    return Environment(
        commit=git_commit(),
        kernels=active_kernels(),
        device=device,
        processor=cupy().cuda.runtime.getDeviceProperties(0)["name"].decode() if device == "cuda" else processor(),
        threads=threads(),
        variables=variables(*VARIABLES),
        blas=blas(),
        versions={"python": platform.python_version()} | {package: version(package) for package in PACKAGES},
        platform=platform.platform(),
    )


def numbers_depend_on(n_threads: int) -> dict[str, Any]:
    """What changes the last digits of a number besides settings, code and device. It is a part of a cell's key."""
    return {"n_threads": n_threads, "kernels": active_kernels(), "variables": variables(*NUMBER_VARIABLES)}


def variables(*names: str) -> dict[str, str]:
    """The environment variables among these that are set, as valid UTF-8."""
    set_ones = {name: os.environ[name] for name in names if name in os.environ}
    return {name: value.encode("utf-8", "backslashreplace").decode() for name, value in set_ones.items()}


@functools.cache  # the code of a process is what it was when it started
def git_commit() -> str:
    """The commit of the code, with "-dirty" if files differ from it; "unknown" outside a git checkout.

    Results, and the README's tables generated from them, are not code: they may differ.
    """
    if not places.in_checkout():
        return "unknown"  # an installed package; a repository around it is not ours
    status = _git("status", "--porcelain", "--", ".", ":(exclude)experiments/results", ":(exclude)README.md")
    commit = _git("rev-parse", "HEAD")
    if commit is None or status is None:
        return "unknown"
    return commit + ("-dirty" if status else "")


def threads() -> dict[str, int]:
    """The cores that this process may use, BLAS's threads, and the threads that Numba may start.

    This reads Numba's setting, because `numba.get_num_threads()` would start the threads.
    """
    from numba import config  # here, because it takes a second, and `list` and `report` do not need it

    return {"cores": available_cores(), "blas": blas_threads(), "numba": config.NUMBA_NUM_THREADS}  # type: ignore[attr-defined]


def blas() -> str:
    """The name and version of NumPy's BLAS library, if NumPy knows them."""
    found = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()


def processor() -> str:
    """The processor's name, or its architecture if the system does not give the name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def version(package: str) -> str:
    """The installed version of a package; "not installed" if there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _git(*arguments: str) -> str | None:
    """The output of a git command in the project's folder; None if it fails."""
    try:
        command = ["git", "--no-optional-locks", "-C", str(places.PROJECT), *arguments]
        answer = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
