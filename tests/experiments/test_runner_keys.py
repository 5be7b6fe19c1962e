"""What is damaged is computed again, and what decides a number belongs to its key: threads above all."""

import hashlib
import shutil

import numpy as np
import pytest

from experiments.folders import remove
from experiments.results import load
from experiments.runner import Run, run_experiment
from minigrad import get_num_threads, use_kernels
from minigrad.threads import blas_threads, using_threads

from .test_runner import SETTINGS, Counted, again


@pytest.fixture
def run(tmp_path):
    """A run of no experiment in particular."""
    return Run("one", "quick", SETTINGS, work=tmp_path)


# Damage


def leaves_a_file(value):
    """A training whose numbers are its own, and whose weights are `value`."""

    def train(folder):
        assert not list(folder.iterdir()), "what was damaged is gone"
        (folder / "deeper").mkdir()
        (folder / "deeper" / "weights.txt").write_text(value, encoding="utf-8")
        return {"value": value}

    return train


def in_place_of(path, what):
    """Put something else in the place of a file or folder."""
    content = path.read_bytes() if path.is_file() else b"x"
    remove(path)
    if what == "a folder":
        path.mkdir()
    elif what == "truncated":
        path.write_bytes(content[:-1])
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "a deep file":
        path.write_bytes(b"[" * 200_000)


@pytest.mark.parametrize("name", ["record.json", "deeper/weights.txt", "deeper"])
@pytest.mark.parametrize("what", ["nothing", "a folder", "truncated", "empty", "a deep file"])
def test_a_finished_training_whose_files_are_damaged_is_trained_again(run, name, what, capsys):
    folder, _ = run.checkpoint("a", {}, leaves_a_file("old"))
    in_place_of(folder / name, what)
    if (name, what) == ("record.json", "nothing"):
        remove(folder / "deeper")  # without a record, what lies there is an unfinished training's
    assert again(run).checkpoint("a", {}, leaves_a_file("new")) == (folder, {"value": "new"})
    assert (folder / "deeper" / "weights.txt").read_text(encoding="utf-8") == "new"
    said = capsys.readouterr().err
    if (name, what) != ("record.json", "nothing"):
        assert said.startswith(f"Warning: {folder / name}")
        assert said.endswith("it is computed again.\n")
    assert again(run).checkpoint("a", {}, leaves_a_file("newer")) == (folder, {"value": "new"})


def test_a_finished_training_with_the_weights_of_another_is_trained_again(run):
    one, _ = run.checkpoint("one", {"n": 1}, leaves_a_file("one"))
    other, _ = run.checkpoint("other", {"n": 2}, leaves_a_file("other"))
    shutil.copy(other / "deeper" / "weights.txt", one / "deeper" / "weights.txt")
    assert again(run).checkpoint("one", {"n": 1}, leaves_a_file("one, again"))[1] == {"value": "one, again"}


@pytest.mark.parametrize("of", ["cells", "cells, a link", "checkpoints"])
def test_a_file_in_place_of_a_folder_is_replaced(run, of, capsys):
    if of != "checkpoints":
        run.folder.parent.mkdir(parents=True)
        if of == "cells":
            run.folder.write_text("in the way", encoding="utf-8")
        else:
            run.folder.symlink_to("nowhere")
        assert run.cell("a", Counted()) == {"value": 1.5}
    else:
        remove(folder := run.checkpoint_folder({}))
        folder.write_text("in the way", encoding="utf-8")
        run.checkpoint("a", {}, leaves_a_file("new"))
    assert "is not a folder; it is replaced by one." in capsys.readouterr().err


@pytest.mark.parametrize("what", ["a folder", "truncated", "empty", "a deep file"])
def test_whatever_is_in_the_place_of_a_cell_is_computed_again(run, what):
    run.cell("a", Counted(1))
    (file,) = run.folder.iterdir()
    in_place_of(file, what)
    assert again(run).cell("a", Counted(2)) == {"value": 2}
    assert again(run).cell("a", Counted(3)) == {"value": 2}


# Threads


def busy():
    """A sum whose last digits tell how many threads BLAS added it up with, on most machines; and how many it has."""
    draw = np.random.default_rng(0)
    product = draw.random((300, 5000), np.float32) @ draw.random((5000, 300), np.float32)
    return {"bits": hashlib.sha256(product.tobytes()).hexdigest(), "blas": blas_threads(), "ours": get_num_threads()}


@pytest.mark.parametrize("cores", [1, 2, 4, 64])
def test_a_cell_does_not_depend_on_the_machines_cores_or_the_users_threads(run, cores, monkeypatch):
    here = run.cell("a", busy)
    monkeypatch.setattr("minigrad.threads.available_cores", lambda: cores)
    monkeypatch.setenv("MINIGRAD_NUM_THREADS", str(cores))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", str(cores))
    with using_threads(cores):
        there = again(run, work=run.work / "elsewhere")
        assert there.cell("a", busy) == here | {"blas": 1, "ours": 1}
        assert there.folder.name == run.folder.name
        assert there.checkpoint_folder({}).name == run.checkpoint_folder({}).name
        assert get_num_threads() == cores  # afterwards all is as before


def test_the_number_of_threads_is_a_setting_and_belongs_to_the_keys(run):
    two = again(run, settings=SETTINGS | {"n_threads": 2})
    assert two.cell("a", busy)["ours"] == two.cell("b", busy)["blas"] == 2
    assert two.folder != run.folder
    assert two.checkpoint_folder({}) != run.checkpoint_folder({})
    assert again(run, settings=SETTINGS | {"n_threads": 1}).checkpoint_folder({}) == run.checkpoint_folder({})


@pytest.mark.parametrize(("number", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("2", TypeError)])
def test_a_number_of_threads_that_makes_no_sense_is_refused(run, number, error):
    with pytest.raises(error, match=r"settings\.n_threads must be "):
        again(run, settings=SETTINGS | {"n_threads": number})


def test_what_else_decides_the_last_digits_belongs_to_the_keys(run, monkeypatch):
    folders = {run.folder, run.checkpoint_folder({})}
    with use_kernels("reference"):
        folders |= {(other := again(run)).folder, other.checkpoint_folder({})}
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell\udcff")  # as a byte that is not UTF-8 comes
    folders |= {(other := again(run)).folder, other.checkpoint_folder({})}
    assert len(folders) == 6


def test_the_result_says_with_how_many_threads_it_was_computed(fake, monkeypatch):
    with using_threads(2):
        assert load(run_experiment("fake_experiment")).environment.threads["blas"] == 1
