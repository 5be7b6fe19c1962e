"""Cells over a Dask cluster of two workers on this machine."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

import experiments
from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import load
from experiments.running.cluster import Cluster
from experiments.running.contract import Request
from experiments.running.run import run_one, run_spread
from tests.experiments.running.test_run import without_times

pytest.importorskip("distributed", reason="the extra named cluster is not installed")
PROJECT = os.path.dirname(os.path.dirname(experiments.__file__))
TOY = Request("tests.experiments.toy_table", "full")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):
    """The work folder of the cluster's workers."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def address(shared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with two workers, each a process of its own."""
    from distributed.utils import open_port

    environment = os.environ | {"MINIGRAD_CACHE": str(shared), "PYTHONPATH": PROJECT}
    address, folder = f"tcp://127.0.0.1:{open_port()}", tmp_path_factory.mktemp("dask")
    dask = [sys.executable, "-m", "distributed.cli"]
    scheduler = ["dask_scheduler", "--host", address, "--no-dashboard"]
    worker = ["dask_worker", address, "--nthreads", "1", "--nworkers", "1", "--no-dashboard"]
    started = []
    for command in (scheduler, worker, worker):
        module = f"{dask[2]}.{command[0]}"
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", module, *command[1:]], env=environment, cwd=folder, stderr=subprocess.DEVNULL
            )
        )
    yield address
    for process in started:
        process.terminate()
    for process in started:
        process.wait(30)


@pytest.fixture
def cluster(fake, address, shared, monkeypatch) -> Iterator[Cluster]:
    """A connection to both workers, with their work folder as ours."""
    monkeypatch.setenv("MINIGRAD_CACHE", str(shared))
    for _ in range(100):
        try:
            found = Cluster(address)
        except ExperimentError as error:  # not all are there yet
            last = error
        else:
            if found.size == 2:
                break
            found.__exit__()
        time.sleep(0.3)
    else:
        raise AssertionError(f"no cluster of two workers: {last}")
    with found:
        yield found


def test_a_cluster_computes_the_same_numbers(cluster, monkeypatch, tmp_path):
    (path,) = run_spread([TOY], cluster.compute, cluster.size)
    spread = without_times(path)
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "alone"))
    alone = without_times(run_one(TOY))
    assert spread.pop("computed_at") != []
    assert alone.pop("computed_at") != []  # the commit of the test's checkout may differ from the processes'
    assert spread == alone


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_worker_loses_its_cell_only(cluster):
    (path,) = run_spread([Request("tests.experiments.mortal_table")], cluster.compute, cluster.size)
    assert load(path).lecture_says == "0, 10"


def test_workers_that_do_not_share_our_folder_are_refused(cluster, address, monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "not theirs"))
    with pytest.raises(ExperimentError, match="MINIGRAD_CACHE has to name one folder that all machines share"):
        Cluster(address)


def test_where_no_scheduler_answers_the_address_is_named(fake, monkeypatch):
    monkeypatch.setattr("experiments.running.cluster.TIMEOUT", 0.5)
    with pytest.raises(ExperimentError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1"):
        Cluster("tcp://127.0.0.1:1")
