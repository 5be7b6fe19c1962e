"""A number depends on the number of threads of its settings, and not on the machine's cores or on --jobs."""

import hashlib

import numpy as np
import pytest

from experiments.evidence.results import load
from experiments.running.run import run_one
from experiments.running.work import Work
from minigrad import get_num_threads, use_kernels
from minigrad.threads import blas_threads, using_threads
from tests.experiments import fake_experiment
from tests.experiments.running.test_work import Counted, again, work

__all__ = ["work"]


@pytest.fixture
def with_threads(monkeypatch, request_for):
    """The work of settings with that number of threads."""

    def make(n_threads) -> Work:
        settings = {"seeds": 1, "steps": 3, "n_threads": n_threads}
        monkeypatch.setitem(fake_experiment.PRESETS, "quick", settings)
        return Work(request_for())

    return make


def busy():
    """A sum whose last digits tell how many threads BLAS added it up with, on most machines; and how many it has."""
    draw = np.random.default_rng(0)
    product = draw.random((300, 5000), np.float32) @ draw.random((5000, 300), np.float32)
    return {"bits": hashlib.sha256(product.tobytes()).hexdigest(), "blas": blas_threads(), "ours": get_num_threads()}


@pytest.mark.parametrize("cores", [1, 2, 4, 64])
def test_a_cell_does_not_depend_on_the_machines_cores_or_the_users_threads(work, cores, monkeypatch, tmp_path):
    here, checkpoint = work.cell("a", busy), work.checkpoint("b", Counted())
    monkeypatch.setattr("minigrad.threads.available_cores", lambda: cores)
    monkeypatch.setenv("MINIGRAD_NUM_THREADS", str(cores))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", str(cores))
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "elsewhere"))
    with using_threads(cores):
        there = again(work)
        assert there.cell("a", busy) == here | {"blas": 1, "ours": 1}
        assert there.folder.name == work.folder.name
        assert there.checkpoint("b", Counted()).folder.name == checkpoint.folder.name
        assert get_num_threads() == cores  # afterwards all is as before


def test_the_number_of_threads_is_a_setting_and_belongs_to_the_keys(work, with_threads):
    two = with_threads(2)
    assert two.cell("a", busy)["ours"] == two.cell("b", busy)["blas"] == 2
    assert two.folder != work.folder
    folder = two.checkpoint("c", Counted()).folder
    assert folder != work.checkpoint("c", Counted()).folder
    assert with_threads(1).checkpoint("c", Counted()).folder == work.checkpoint("d", Counted()).folder


@pytest.mark.parametrize(("number", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("2", TypeError)])
def test_a_number_of_threads_that_makes_no_sense_is_refused(with_threads, number, error):
    with pytest.raises(error, match=r"settings\.n_threads must be "):
        with_threads(number)


def test_what_else_decides_the_last_digits_belongs_to_the_keys(work, monkeypatch):
    folders = {work.folder, work.checkpoint("a", Counted()).folder}
    with use_kernels("reference"):
        folders |= {(other := again(work)).folder, other.checkpoint("a", Counted()).folder}
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell\udcff")  # as a byte that is not UTF-8 comes
    folders |= {(other := again(work)).folder, other.checkpoint("a", Counted()).folder}
    assert len(folders) == 6


def test_the_result_says_with_how_many_threads_it_was_computed(request_for):
    with using_threads(2):
        assert load(run_one(request_for())).environment.threads["blas"] == 1
