"""The number of threads: one setting, for BLAS and for our own."""

import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info

from minigrad import DataParallel, get_num_threads, nn, set_num_threads, threads


@pytest.fixture(autouse=True)
def setting_is_put_back(monkeypatch: pytest.MonkeyPatch):
    before = [pool["num_threads"] for pool in threadpool_info()]
    monkeypatch.setattr(threads, "_chosen", None)
    monkeypatch.delenv(threads.VARIABLE, raising=False)
    yield
    set_num_threads(max(before))


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.mark.parametrize("n", [1, 2])
def test_the_setting_holds_for_blas_and_for_data_parallelism(n: int):
    set_num_threads(n)
    assert get_num_threads() == n
    assert blas_threads() == {n}
    assert len(DataParallel(nn.Linear(2, 2)).replicas) == n


def test_blas_has_one_thread_inside_a_block_and_as_many_as_before_after_it():
    set_num_threads(2)
    with threads.one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {2}
    with pytest.raises(ZeroDivisionError), threads.one_blas_thread():
        raise ZeroDivisionError
    assert blas_threads() == {2}


@pytest.mark.parametrize("n", [1, 3])
def test_the_setting_may_hold_for_a_block(n: int):
    set_num_threads(2)
    with pytest.raises(ZeroDivisionError), threads.using_threads(n):  # noqa: PT012
        assert (get_num_threads(), blas_threads(), threads.blas_threads()) == (n, {n}, n)
        raise ZeroDivisionError
    assert (get_num_threads(), blas_threads()) == (2, {2})
    with (
        pytest.raises(ValueError, match="n_threads must be at least 1 and at most 4096, got 0"),
        threads.using_threads(0),
    ):
        pass


def test_a_block_without_a_setting_around_it_leaves_none():
    with threads.using_threads(1):
        pass
    assert threads._chosen is None


def test_without_a_setting_all_cores_that_the_process_may_use_are_used():
    expected = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert get_num_threads() == expected


def test_the_environment_may_set_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(threads.VARIABLE, "3")
    assert get_num_threads() == 3
    set_num_threads(2)
    assert get_num_threads() == 2


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "+2", "0x2", "\u0663", "4097", "9" * 5000])
def test_a_number_that_makes_no_sense_is_refused(value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(threads.VARIABLE, value)
    with pytest.raises(ValueError) as caught:
        get_num_threads()
    expected = "MINIGRAD_NUM_THREADS must be a number of at least 1 and at most 4096, got " + repr(value)[:200]
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (4097, ValueError), (2**40, ValueError)]
    + [(value, TypeError) for value in (2.5, 2.0, True, "2", None)],
)
def test_a_setting_that_makes_no_sense_is_refused_and_the_old_one_stays(value, error: type[Exception]):
    set_num_threads(2)
    with pytest.raises(error, match="n_threads must be"):
        set_num_threads(value)
    assert get_num_threads() == 2
    assert blas_threads() == {2}


def test_freed_memory_is_kept_on_linux():
    """Large arrays made again and again do not make page faults again and again."""
    code = """
import resource
import numpy as np
import minigrad
for _ in range(3):
    np.ones(6_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(6_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    if "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}):
        pytest.skip("another C library")
    faults = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert faults < 1000  # 48 MB twenty times are 234,000 pages
