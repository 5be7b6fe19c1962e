"""Checkpoints: a run goes on with the same bits, and what is written is whole, the same each time, and readable."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from minigrad import checkpoint, load_checkpoint, manual_seed, nn, ops, optim, random, save_checkpoint
from minigrad.safetensors_file import read_header
from tests.minigrad.small_run import Run, SmallModel


def test_a_resumed_run_ends_with_the_same_bits_as_an_uninterrupted_one(tmp_path: Path):
    path = tmp_path / "run.safetensors"
    run = Run(seed=1)
    run.train(6)
    run.save(path)
    run.train(6)
    expected = run.state()

    resumed = Run(seed=2)
    resumed.train(1)  # nothing of a run that went another way must remain
    resumed.load(path)
    assert resumed.step == 6
    resumed.train(6)
    assert resumed.state() == expected


def test_tied_weights_are_stored_once_and_stay_tied(saved: Path):
    names = list(safetensors.numpy.load_file(saved))
    assert "model.embedding.weight" in names
    assert "model.output.weight" not in names
    run = Run(seed=2)
    run.load(saved)
    assert run.model.output.weight is run.model.embedding.weight


def test_a_model_alone_is_loaded_without_touching_the_librarys_generator(saved: Path):
    manual_seed(3)
    model, before = SmallModel(), random.get_state()
    assert load_checkpoint(saved, model).step == 5
    assert random.get_state() == before
    np.testing.assert_array_equal(
        model.embedding.weight.data, safetensors.numpy.load_file(saved)["model.embedding.weight"]
    )


def test_loading_counts_as_a_write_into_the_parameters(saved: Path):
    run = Run(seed=2)
    loss = ops.cross_entropy(run.model(np.zeros((1, 2), int)), np.zeros((1, 2), int))
    run.load(saved)
    with pytest.raises(RuntimeError, match="overwritten"):
        loss.backward()


def test_an_array_that_does_not_lie_in_c_order_survives(tmp_path: Path):
    model = nn.Linear(2, 3)
    model.weight.data = np.arange(6, dtype=np.float32).reshape(2, 3).T
    save_checkpoint(tmp_path / "linear", model)
    other = nn.Linear(2, 3)
    load_checkpoint(tmp_path / "linear", other)
    np.testing.assert_array_equal(other.weight.data, [[0, 3], [1, 4], [2, 5]])


def test_metadata_comes_back_as_json_holds_it(tmp_path: Path):
    model = nn.Linear(1, 1)
    save_checkpoint(tmp_path / "a", model, metadata={"cursor": [3, 4], "text": "naïve ☃", "loss": 0.1})
    saved = load_checkpoint(tmp_path / "a", model)
    assert saved.metadata == {"cursor": [3, 4], "text": "naïve ☃", "loss": 0.1}
    assert saved.step == 0


def test_metadata_that_json_cannot_hold_is_refused_before_anything_is_written(tmp_path: Path):
    with pytest.raises(TypeError, match="metadata"):
        save_checkpoint(tmp_path / "a", nn.Linear(1, 1), metadata={"array": np.ones(2)})
    with pytest.raises(TypeError, match="generators' states"):  # its state is an array
        save_checkpoint(tmp_path / "a", nn.Linear(1, 1), generators={"old": np.random.Generator(np.random.MT19937())})
    assert list(tmp_path.iterdir()) == []


def test_losses_that_are_no_numbers_come_back(tmp_path: Path):
    model = nn.Linear(1, 1)
    save_checkpoint(tmp_path / "a", model, metadata={"losses": [float("nan"), float("inf")], "best": (1, 2)})
    np.testing.assert_array_equal(load_checkpoint(tmp_path / "a", model).metadata["losses"], [np.nan, np.inf])
    assert load_checkpoint(tmp_path / "a", model).metadata["best"] == [1, 2]


def endless() -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    metadata["self"] = metadata
    return metadata


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"step": 2.7}, TypeError, "step must be an integer, got 2.7"),
        ({"step": True}, TypeError, "step must be an integer, got True"),
        ({"step": -1}, ValueError, "step must be at least 0, got -1"),
        ({"metadata": [1]}, TypeError, "metadata must be a dictionary of what JSON can hold: it is a list"),
        ({"metadata": {"a": [{1: "b"}]}}, TypeError, "metadata must be .*: the key 1 is no string"),
        ({"metadata": {(1, 2): "b"}}, TypeError, "metadata must be "),
        ({"metadata": endless()}, ValueError, "metadata must be .*: Circular reference"),
        ({"generators": [np.random.default_rng()]}, TypeError, "generators must be a dictionary of Generators by name"),
        ({"generators": {"data": 3}}, TypeError, "generators must be numpy.random.Generators by name, got 'data': 3"),
        ({"generators": {1: np.random.default_rng()}}, TypeError, "generators must be numpy.random.Generators by name"),
        ({"optimizer": "adam"}, TypeError, "optimizer must be an Optimizer or None, got a str"),
    ],
)
def test_what_cannot_be_saved_is_named_before_anything_is_written(tmp_path: Path, arguments, error, message: str):
    with pytest.raises(error, match=message):
        save_checkpoint(tmp_path / "a", nn.Linear(1, 1), **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_memory_gets_some_when_a_checkpoint_is_loaded(tmp_path: Path):
    model = nn.Linear(2, 3)
    save_checkpoint(tmp_path / "linear", model)
    with nn.unallocated():
        other = nn.Linear(2, 3)
    load_checkpoint(tmp_path / "linear", other)
    np.testing.assert_array_equal(other.weight.data, model.weight.data)
    assert other.weight.data.flags.writeable


# -- writing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", ["write_tensors", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_temporary_one(
    saved: Path, monkeypatch: pytest.MonkeyPatch, failing: str
):
    old = saved.read_bytes()

    def fail(path: Path, *_: object) -> None:
        if failing == "write_tensors":
            Path(path).write_bytes(b"half of")
        raise OSError("No space left on device")

    monkeypatch.setattr(checkpoint if failing == "write_tensors" else os, failing, fail)
    with pytest.raises(OSError, match="No space left"):
        Run(seed=2).save(saved)
    assert saved.read_bytes() == old
    assert list(saved.parent.iterdir()) == [saved]


FULL_DISK = """
import resource, sys
import numpy as np
from minigrad import nn, save_checkpoint

model = nn.Linear(100, 100)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # bytes of a file, of the 40,000 that are needed
try:
    save_checkpoint(sys.argv[1], model, step=2)
except OSError as error:
    sys.exit(f"OSError: {error}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files")
def test_a_full_disk_is_an_oserror_and_the_older_file_is_intact(tmp_path: Path):
    path = tmp_path / "run.safetensors"
    save_checkpoint(path, nn.Linear(100, 100), step=1)
    old = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("OSError: ")
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_checkpoint_may_be_read_by_whoever_may_read_an_ordinary_file(tmp_path: Path, umask: int):
    before = os.umask(umask)
    try:
        save_checkpoint(tmp_path / "run", nn.Linear(1, 1))
    finally:
        os.umask(before)
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o666 & ~umask


def test_the_same_state_gives_the_same_bytes(tmp_path: Path):
    names = [f"run {i}" for i in range(4)]
    for name in names:
        run = Run(seed=1)
        run.train(2)
        run.save(tmp_path / name)
    assert len({(tmp_path / name).read_bytes() for name in names}) == 1


def test_the_package_safetensors_reads_what_is_written(saved: Path):
    with safetensors.safe_open(saved, "numpy") as file:
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dictionary
        assert file.metadata()["format"] == "minigrad checkpoint 1"
    run = Run(seed=2)
    run.load(saved)
    expected = {f"model.{name}": array for name, array in run.model.state_dict().items()}
    expected |= {f"optimizer.{name}": array for name, array in run.optimizer.state_dict().items()}
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name, strict=True)


def test_every_array_begins_at_a_multiple_of_its_numbers_size(tmp_path: Path):
    model = nn.Linear(3, 1, bias=False)  # three numbers of four bytes; a step is one of eight
    save_checkpoint(tmp_path / "run", model, optim.Adam(model.parameters()))
    with (tmp_path / "run").open("rb") as file:
        tensors, _ = read_header(file)
    assert {tensor.start % 8 for tensor in tensors.values() if tensor.dtype == "I64"} == {0}


def test_a_link_that_waits_where_the_temporary_file_comes_is_not_written_through(tmp_path: Path):
    (tmp_path / "secret").write_text("mine", encoding="utf-8")
    (tmp_path / f"run.{os.getpid()}.tmp").symlink_to(tmp_path / "secret")
    save_checkpoint(tmp_path / "run", nn.Linear(1, 1))
    assert (tmp_path / "secret").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "secret"]


def test_a_checkpoint_replaces_the_one_before_and_makes_its_folder(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "run.safetensors"
    run = Run(seed=1)
    run.save(path)
    run.train(2)
    run.save(path)
    other = Run(seed=2)
    other.load(path)
    assert other.state() == run.state()
    assert list(path.parent.iterdir()) == [path]
