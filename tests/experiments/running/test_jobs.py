"""Cells over several processes: the same bits, in whatever order, and a killed process loses its cell only."""

import sys
import threading
import time

import pytest

from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import load
from experiments.running import worker
from experiments.running.contract import Request
from experiments.running.jobs import Processes, plan, spread
from experiments.running.run import run_one, run_spread
from experiments.running.work import CellName
from tests.experiments.running.test_run import WORK, without_times

TOY = Request("tests.experiments.toy_table", "full")


def test_the_cells_of_a_table_are_computed_in_an_order_in_which_each_finds_what_it_needs(fake, request_for):
    spread([request_for("full")], worker.compute, at_once=1)
    assert sorted(fake.computed) == sorted(WORK)
    assert all(fake.computed.index(("pretraining", s)) < fake.computed.index(("pretrained", s)) for s in range(3))


def test_spread_cells_have_the_same_numbers(fake, request_for, monkeypatch, tmp_path):
    alone = without_times(run_one(request_for("full")))
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "elsewhere"))
    assert [without_times(path) for path in run_spread([request_for("full")], worker.compute, 2)] == [alone]


def test_no_cell_is_computed_twice_at_the_same_time(fake, request_for):
    lock, under_way, most = threading.Lock(), [], []

    def compute(request, name):
        with lock:
            assert name not in under_way
            under_way.append(name)
            most.append(len(under_way))
        time.sleep(0.01)
        with lock:
            worker.compute(request, name)
            under_way.remove(name)

    spread([request_for("full")], compute, at_once=3)
    assert max(most) == 3
    assert sorted(fake.computed) == sorted(WORK)


def test_a_cell_that_fails_is_named(fake, request_for):
    def compute(request, name):
        raise ExperimentError(f"the cell {name.key!r} failed")

    with pytest.raises(ExperimentError, match="the cell 'pretraining' failed"):
        spread([request_for()], compute, at_once=2)


def test_a_cell_whose_file_does_not_appear_is_an_error_and_not_asked_for_for_ever(fake, request_for):
    with pytest.raises(ExperimentError, match=r"a cell was computed, but its file .* is not there"):
        spread([request_for()], lambda request, name: None, at_once=1)


def test_a_finished_table_has_nothing_to_plan(request_for):
    assert [name.key for name in plan(request_for())[0].values()] == ["pretraining", "random start"]
    run_one(request_for())
    assert plan(request_for()) == ({}, True)


def test_a_worker_knows_which_cells_there_are(request_for):
    with pytest.raises(LookupError, match="fake_experiment has no cell 'nothing' with seed 3, or not yet"):
        worker.compute(request_for(), CellName("nothing", 3))


def test_processes_compute_the_same_numbers(fake, monkeypatch, tmp_path):
    alone = without_times(run_one(TOY))
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "elsewhere"))
    with Processes(2) as processes:
        (path,) = run_spread([TOY], processes.compute, 2)
    same = without_times(path)
    assert alone.pop("computed_at") != []  # the commit of the test's checkout may differ from the processes'
    assert same.pop("computed_at") != []
    assert same == alone


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_loses_its_cell_only(fake, capfd):
    mortal = Request("tests.experiments.mortal_table", "quick")
    with Processes(2) as processes:
        (path,) = run_spread([mortal], processes.compute, 2)
    assert load(path).lecture_says == "0, 10"
    assert capfd.readouterr().err.count("Warning: the process of mortal_table's cell 'training' died.") == 2


def test_what_fails_in_a_process_is_told_with_the_cells_name(fake):
    wrong = CellName("no such cell", None)
    with (
        Processes(1) as processes,
        pytest.raises(ExperimentError, match="'no such cell', seed None, failed: LookupError"),
    ):
        processes.compute(TOY, wrong)
