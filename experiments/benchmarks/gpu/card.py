"""What times depend on: the card, its driver, its clocks, and the versions of the libraries."""

import subprocess
from typing import Any

from experiments.benchmarks import comparison
from experiments.running import environment

PACKAGES = ("numpy", "cupy-cuda13x", "cupy-cuda12x", "torch", "minigrad")
QUESTIONS = {
    "driver": "driver_version",
    "clock": "clocks.sm",
    "highest clock": "clocks.max.sm",
    "memory clock": "clocks.mem",
    "power limit": "power.limit",
    "use before": "utilization.gpu",  # other programs would disturb the measurements
}


def card(cupy: Any) -> dict[str, Any]:
    """The machine as in every benchmark, with the current GPU."""
    number = cupy.cuda.Device().id
    properties, runtime = cupy.cuda.runtime.getDeviceProperties(number), cupy.cuda.runtime
    versions = {name: found for name in PACKAGES if (found := environment.version(name)) != "not installed"}
    return comparison.machine(()) | {
        "name": properties["name"].decode(),
        "compute capability": f"{properties['major']}.{properties['minor']}",
        "multiprocessors": properties["multiProcessorCount"],
        "memory": f"{properties['totalGlobalMem'] / 2**30:.0f} GiB",
        "L2 cache": f"{properties['l2CacheSize'] / 2**20:.0f} MiB",
        "CUDA": f"{version(runtime.runtimeGetVersion())}, the driver's {version(runtime.driverGetVersion())}",
        "versions": versions,
        "told by the driver": told_by_the_driver(number),
    }


def version(number: int) -> str:
    """12040 → 12.4."""
    return f"{number // 1000}.{number % 1000 // 10}"


def told_by_the_driver(number: int) -> dict[str, str]:
    """The answers of `nvidia-smi`; empty if it is missing or does not answer."""
    command = ["nvidia-smi", f"--id={number}", f"--query-gpu={','.join(QUESTIONS.values())}", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    answers = [value.strip() for value in answer.strip().split(",")]
    return dict(zip(QUESTIONS, answers, strict=True)) if len(answers) == len(QUESTIONS) else {}
