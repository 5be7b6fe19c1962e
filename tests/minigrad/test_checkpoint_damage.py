"""Checkpoints that are damaged, crafted, or of another run are refused by name, and nothing is changed."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from minigrad import load_checkpoint, nn, optim, save_checkpoint
from minigrad.errors import CheckpointError
from tests.minigrad.small_run import WIDTH, Run, SmallModel, rewrite


def assert_refused(path: Path, run: Run, message: str) -> None:
    before = run.state()
    with pytest.raises(CheckpointError, match=message):
        run.load(path)
    assert run.state() == before


def test_a_missing_file_is_refused(tmp_path: Path):
    assert_refused(tmp_path / "nothing", Run(seed=2), "there is no checkpoint .*nothing")


@pytest.mark.parametrize("kept", [0, 4, 8, 100, -1])
def test_a_truncated_file_is_refused(saved: Path, kept: int):
    saved.write_bytes(saved.read_bytes()[:kept])
    assert_refused(saved, Run(seed=2), "damaged")


def test_a_file_of_another_kind_is_refused(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, not weights.", encoding="utf-8")
    assert_refused(path, Run(seed=2), "not a safetensors file")


def test_a_folder_is_refused(tmp_path: Path):
    assert_refused(tmp_path, Run(seed=2), "not a safetensors file")


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"format": "minigrad checkpoint 0"}])
def test_a_safetensors_file_of_somebody_else_is_refused(tmp_path: Path, metadata: dict[str, str] | None):
    path = tmp_path / "other.safetensors"
    safetensors.numpy.save_file(SmallModel().state_dict(), path, metadata)
    assert_refused(path, Run(seed=2), "not a minigrad checkpoint")


def test_one_flipped_bit_anywhere_in_the_file_is_noticed(tmp_path: Path):
    path, model = tmp_path / "small", nn.Linear(2, 1)
    save_checkpoint(path, model, optim.SGD(model.parameters(), lr=0.1), metadata={"cursor": 12})
    contents = path.read_bytes()
    for position in range(len(contents)):
        damaged = bytearray(contents)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError):
            load_checkpoint(path, model)


def test_a_model_that_differs_is_refused_and_all_names_are_listed(saved: Path):
    run = Run(seed=2)
    run.model.norm.weight.data = run.model.norm.weight.data.astype(np.float64)
    run.model.head = nn.Linear(WIDTH, 2, bias=False)
    run.model.attention.q.bias = None
    run.model.attention.k = nn.Linear(WIDTH, WIDTH + 1)
    before = run.state()
    with pytest.raises(CheckpointError) as error:
        run.load(saved)
    assert run.state() == before
    for part in (
        "missing: model.head.weight",
        "unexpected: model.attention.q.bias",
        "model.attention.k.weight is (8, 8), expected (9, 8)",
        "model.attention.k.bias is (8,), expected (9,)",
        "wrong dtype: model.norm.weight is float32, expected float64",
    ):
        assert part in str(error.value)


def test_another_optimizer_is_refused_with_the_names_of_both_parts(saved: Path):
    run = Run(seed=2)
    run.optimizer = optim.SGD(run.model.parameters(), lr=0.1)
    run.model.extra = nn.Linear(1, 1, bias=False)
    assert_refused(saved, run, "missing: model.extra.weight, optimizer.velocity.0, .*unexpected: .*exp_avg.0")


def test_an_optimizer_cannot_resume_from_a_checkpoint_without_one(saved: Path):
    run = Run(seed=2)
    save_checkpoint(saved, run.model, generators=run.generators)
    assert_refused(saved, run, "saved without an optimizer")


@pytest.mark.parametrize("names", [(), ("data",), ("data", "masks", "more"), ("data", "mask")])
def test_generators_of_other_names_are_refused(saved: Path, names: tuple[str, ...]):
    run = Run(seed=2)
    before = run.state()
    given = {name: np.random.default_rng() for name in names}
    with pytest.raises(CheckpointError, match=r"generators: saved were \['data', 'masks'\], given are"):
        load_checkpoint(saved, run.model, run.optimizer, generators=given)
    with pytest.raises(CheckpointError, match="generators: saved were"):
        load_checkpoint(saved, run.model, generators=given)
    assert run.state() == before


PCG64 = np.random.PCG64(0).state


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step": 2.7}, "step must be an integer, got 2.7"),
        ({"step": True}, "step must be an integer, got True"),
        ({"step": -3}, "step must be at least 0, got -3"),
        ({"step": None}, "step must be an integer, got None"),
        ({"metadata": [1]}, r"metadata must be an object, got \[1\]"),
        ({"library_generator": "PCG64"}, "library_generator must be an object"),
        ({"library_generator": {}}, "library_generator was a None, is a PCG64"),
        ({"library_generator": PCG64 | {"state": 1}}, "library_generator has a state that is none of a PCG64"),
        ({"library_generator": PCG64 | {"uinteger": 2.5}}, "library_generator has a state that is none of a PCG64"),
        ({"library_generator": PCG64 | {"has_uint32": 2**70}}, "library_generator has a state that is none"),
        ({"generators": []}, r"generators must be an object, got \[\]"),
        ({"generators": {"data": PCG64, "masks": 5}}, "generator masks was a 5, is a PCG64"),
        ({"generators": {"data": PCG64, "masks": PCG64 | {"state": None}}}, "generator masks has a state that is"),
    ],
)
def test_a_header_that_was_tampered_with_is_refused_by_field(saved: Path, change: dict[str, Any], message: str):
    rewrite(saved, {})
    Run(seed=2).load(saved)  # the checksum is right
    rewrite(saved, change)
    assert_refused(saved, Run(seed=2), f"run.safetensors.*{message}")


@pytest.mark.parametrize("header", ["", "[" * 200_000, "[1]", "{}", "1" * 5000])
def test_a_header_that_is_none_is_refused(saved: Path, header: str):
    rewrite(saved, {}, header)
    assert_refused(saved, Run(seed=2), "run.safetensors: (header must be|step must be)")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    assert_refused(tmp_path / "pipe", Run(seed=2), "not a safetensors file")


def test_a_generator_of_another_kind_is_refused(saved: Path):
    run = Run(seed=2)
    run.data = np.random.Generator(np.random.PCG64DXSM(0))
    assert_refused(saved, run, "generator data was a PCG64, is a PCG64DXSM")
