"""How many processor cores to use: one setting for BLAS and for our own threads.

The kernels of this library run in the thread that calls them. Several cores are used by BLAS, inside of a
matrix product, or by `parallel.py`, which has several threads work on parts of a batch; then each
calls BLAS with one thread, so that there are never more threads than cores. Threads that wait for each other
waste most of a machine that is busy with something else as well.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

VARIABLE = "MINIGRAD_NUM_THREADS"

_chosen: int | None = None


def set_num_threads(n_threads: int) -> None:
    """Use so many cores from now on: BLAS at once, `DataParallel` where it is made next.

    Raises:
        ValueError: if n_threads is not at least 1.
    """
    global _chosen
    if n_threads < 1:
        raise ValueError(f"n_threads must be at least 1, got {n_threads}")
    _chosen = n_threads
    _pools.cache_clear()  # another library may have brought a BLAS of its own since
    _pools().limit(limits=n_threads)


def get_num_threads() -> int:
    """How many cores to use: what was set, else what the variable MINIGRAD_NUM_THREADS says, else all that
    this process may run on.

    Raises:
        ValueError: if the variable is not a number of at least 1.
    """
    if _chosen is not None:
        return _chosen
    if variable := os.environ.get(VARIABLE):
        if not variable.isdecimal() or int(variable) < 1:
            raise ValueError(f"{VARIABLE} must be a number of at least 1, got {variable!r}")
        return int(variable)
    return available_cores()


@contextmanager
def using_threads(n_threads: int) -> Iterator[None]:
    """Inside, BLAS and `DataParallel` use so many cores, as after `set_num_threads`; afterwards as many as before.

    Raises:
        ValueError: if n_threads is not at least 1.
    """
    global _chosen
    if n_threads < 1:
        raise ValueError(f"n_threads must be at least 1, got {n_threads}")
    outside = _chosen
    _pools.cache_clear()
    with _pools().limit(limits=n_threads):
        _chosen = n_threads
        try:
            yield
        finally:
            _chosen = outside


def blas_threads() -> int:
    """How many threads BLAS uses now; 1 if it is none that can be asked."""
    return max((pool["num_threads"] for pool in _pools().info()), default=1)


def available_cores() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS works with one thread inside, whichever thread calls it, and afterwards with as many as before."""
    with _pools().limit(limits=1):
        yield


@cache
def _pools() -> Any:
    """The thread pools of BLAS. NumPy has loaded it long since; to find it takes a few milliseconds, once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
