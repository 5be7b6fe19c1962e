"""How many processor cores to use: one setting for BLAS and for our own threads.

The kernels of this library run in the thread that calls them. Either BLAS uses several cores within a matrix product,
or `parallel.py` lets several threads compute parts of a batch, each with a BLAS of one thread. So there are never more
threads than cores. Otherwise threads would wait for each other, above all on a machine that also does other work.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from minigrad import checks

VARIABLE = "MINIGRAD_NUM_THREADS"
MAX_THREADS = 4096
"""More cores than any machine has."""

_chosen: int | None = None


def set_num_threads(n_threads: int) -> None:
    """Use this many cores from now on. It applies to BLAS at once, and to every `DataParallel` made afterwards.

    Raises:
        TypeError: if n_threads is not an integer.
        ValueError: if it is not from 1 to 4096.
    """
    global _chosen
    n_threads = number_of_threads(n_threads)
    _pools.cache_clear()  # another library may have loaded its own BLAS since
    _pools().limit(limits=n_threads)
    _chosen = n_threads


def get_num_threads() -> int:
    """How many cores to use: the number that was set, or else the environment variable MINIGRAD_NUM_THREADS, or else
    all cores that this process may run on.

    Raises:
        ValueError: if the variable is not an integer from 1 to 4096.
    """
    if _chosen is not None:
        return _chosen
    if variable := os.environ.get(VARIABLE):
        is_number = variable.isascii() and variable.isdecimal() and len(variable) <= len(str(MAX_THREADS))
        if not is_number or not 1 <= int(variable) <= MAX_THREADS:
            raise ValueError(
                f"{VARIABLE} must be a number of at least 1 and at most {MAX_THREADS}, got {variable!r:.200}"
            )
        return int(variable)
    return available_cores()


@contextmanager
def using_threads(n_threads: int) -> Iterator[None]:
    """`set_num_threads` for the length of a `with` block.

    Raises:
        TypeError: if n_threads is not an integer; ValueError: if it is not from 1 to 4096.
    """
    global _chosen
    n_threads, outside = number_of_threads(n_threads), _chosen
    _pools.cache_clear()
    with _pools().limit(limits=n_threads):
        _chosen = n_threads
        try:
            yield
        finally:
            _chosen = outside


def blas_threads() -> int:
    """How many threads BLAS uses now; 1 if that cannot be found out."""
    return max((pool["num_threads"] for pool in _pools().info()), default=1)


def number_of_threads(n_threads: int) -> int:
    """n_threads as a Python int.

    Raises:
        TypeError: if it is not an integer; ValueError: if it is not from 1 to 4096.
    """
    return checks.whole_number("n_threads", n_threads, at_least=1, at_most=MAX_THREADS)


def available_cores() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS uses one thread inside the `with` block, whichever thread calls it."""
    with _pools().limit(limits=1):
        yield


@cache
def _pools() -> Any:
    """The thread pools of BLAS, which NumPy has loaded. Finding them takes a few milliseconds, once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
