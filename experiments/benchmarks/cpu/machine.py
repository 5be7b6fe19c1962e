"""What times depend on: processor, cores, the BLAS and its kernels, threads, versions."""

import os
from typing import Any

from experiments.benchmarks import comparison
from experiments.running import environment

PACKAGES = ("numpy", "numba", "threadpoolctl", "torch", "transformers")


def machine() -> dict[str, Any]:
    """The machine as in every benchmark, with NumPy's BLAS, environment variables and the load."""
    variables = environment.variables(*environment.VARIABLES)
    load = (
        round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    )  # other programs would disturb the measurements
    return comparison.machine(PACKAGES) | {"blas": blas(), "variables": variables, "load": load}


def blas() -> dict[str, Any]:
    """Library, version, the processor family whose kernels it runs, and threads, as far as they are known."""
    try:
        import threadpoolctl
    except ImportError:
        return {"library": environment.blas(), "kernels": os.environ.get("OPENBLAS_CORETYPE", "unknown")}
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    if not pools:  # threadpoolctl does not know every BLAS, Apple's Accelerate for example
        return {"library": environment.blas(), "kernels": "unknown"}
    pool = pools[0]
    return {
        "library": f"{pool['internal_api']} {pool['version']}",
        "kernels": pool.get("architecture", "unknown"),
        "threads": pool["num_threads"],
    }
