"""The table of names: weights move between a file and a model, all or none of them, one at a time."""

import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from minigrad import nn, optim
from minigrad.errors import CheckpointError
from models.pretrained.folder import WEIGHTS, Weights, write_folder
from models.pretrained.names import Entry, check_entries, load_weights, stored_weights

CONFIG = {"model_type": "gpt2"}


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name, strict=True)


class Small(nn.Module):
    """Every kind of weight: one alone, one turned, three stacked, three stacked and turned, one tied."""

    def __init__(self, width: int = 4, seed: int = 0) -> None:
        generator = np.random.default_rng(seed)
        self.embedding = nn.Embedding(6, width, generator)
        self.up = nn.Linear(width, 3 * width, generator=generator)
        self.q, self.k, self.v = (nn.Linear(width, size, generator=generator) for size in (2, 2, 3))
        self.head = nn.Linear(width, 6, bias=False, generator=generator)
        self.head.weight = self.embedding.weight
        self.scale = nn.Parameter(np.float32(0.5) + np.zeros((), np.float32))


ENTRIES = [
    Entry("wte.weight", ("embedding.weight",)),
    Entry("up.weight", ("up.weight",), transposed=True),
    Entry("up.bias", ("up.bias",)),
    Entry("qkv.weight", ("q.weight", "k.weight", "v.weight"), transposed=True),
    Entry("qkv.bias", ("q.bias", "k.bias", "v.bias")),
    Entry("scale", ("scale",)),
]


def save(model: Small, folder: Path, **more: np.ndarray) -> Path:
    write_folder(folder, CONFIG, dict(stored_weights(model, ENTRIES)) | more)
    return folder


def load(model: Small, folder: Path, **options: object) -> None:
    with Weights(folder) as weights:
        load_weights(model, ENTRIES, weights, **options)


def test_weights_are_stored_as_the_table_says():
    model = Small()
    stored = dict(stored_weights(model, ENTRIES))
    assert_same(
        stored,
        {
            "wte.weight": model.embedding.weight.data,
            "up.weight": model.up.weight.data.T,
            "up.bias": model.up.bias.data,
            "qkv.weight": np.hstack([model.q.weight.data.T, model.k.weight.data.T, model.v.weight.data.T]),
            "qkv.bias": np.hstack([model.q.bias.data, model.k.bias.data, model.v.bias.data]),
            "scale": model.scale.data,
        },
    )
    assert np.shares_memory(stored["up.weight"], model.up.weight.data)


def test_loading_undoes_saving(tmp_path: Path):
    saved, loaded = Small(seed=1), Small(seed=2)
    load(loaded, save(saved, tmp_path))
    assert_same(loaded.state_dict(), saved.state_dict())
    assert loaded.head.weight is loaded.embedding.weight


def test_a_model_without_memory_gets_arrays_of_its_own_that_an_optimizer_can_change(tmp_path: Path):
    save(Small(seed=1), tmp_path)
    with nn.unallocated():
        model = Small()
    load(model, tmp_path)
    assert_same(model.state_dict(), Small(seed=1).state_dict())
    arrays = list(model.state_dict().values())
    assert all(array.flags.c_contiguous and array.flags.writeable for array in arrays)
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
    for parameter in model.parameters():
        parameter.grad = np.ones_like(parameter.data)
    optim.SGD(model.parameters(), lr=1.0).step()
    changed = {name: array - 1 for name, array in Small(seed=1).state_dict().items()}
    assert_same(model.state_dict(), changed)


@pytest.mark.filterwarnings("ignore:.*left aside")
@pytest.mark.parametrize("strict", [True, False])
def test_everything_that_does_not_fit_is_named_in_one_error_and_nothing_is_changed(tmp_path: Path, strict: bool):
    stored = dict(stored_weights(Small(seed=1), ENTRIES))
    del stored["qkv.weight"], stored["scale"]
    stored |= {"up.weight": stored["up.weight"].T, "new.weight": values(2), "new.bias": values(2)}
    write_folder(tmp_path, CONFIG, stored)
    model = Small(seed=2)
    with pytest.raises(CheckpointError) as raised:
        load(model, tmp_path, strict=strict)
    unexpected = "unexpected: new.weight, new.bias; " if strict else ""
    assert str(raised.value) == (
        f"{tmp_path} does not fit Small: missing: qkv.weight, scale; {unexpected}"
        "wrong shape: up.weight is (12, 4), expected (4, 12)"
    )
    assert_same(model.state_dict(), Small(seed=2).state_dict())


def test_weights_that_are_no_floating_numbers_are_refused_before_anything_is_changed(tmp_path: Path):
    stored = dict(stored_weights(Small(seed=1), ENTRIES)) | {"qkv.bias": np.arange(7)}
    save_file({name: np.asarray(array, order="C") for name, array in stored.items()}, tmp_path / WEIGHTS)
    model = Small(seed=2)
    with pytest.raises(CheckpointError, match=r"does not fit Small: not floating-point: qkv\.bias is I64$"):
        load(model, tmp_path)
    assert_same(model.state_dict(), Small(seed=2).state_dict())


def test_unexpected_weights_are_left_aside_with_a_warning_if_not_strict(tmp_path: Path):
    save(Small(seed=1), tmp_path, **{"classifier.weight": values(2), "classifier.bias": values(2)})
    model = Small(seed=2)
    with pytest.warns(UserWarning, match=r"weights left aside: classifier\.weight, classifier\.bias$"):
        load(model, tmp_path, strict=False)
    assert_same(model.state_dict(), Small(seed=1).state_dict())


def test_old_names_are_renamed_and_buffers_passed_over(tmp_path: Path):
    stored = {f"transformer.{name}": array for name, array in stored_weights(Small(seed=1), ENTRIES)}
    stored["transformer.mask"] = np.ones((2, 2), np.int64)
    save_file({name: np.asarray(array, order="C") for name, array in stored.items()}, tmp_path / WEIGHTS)

    def rename(name: str) -> str | None:
        return None if name.endswith("mask") else name.removeprefix("transformer.")

    model = Small(seed=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(model, tmp_path, rename=rename)
    assert_same(model.state_dict(), Small(seed=1).state_dict())


@pytest.mark.parametrize("copy_first", [True, False])
def test_of_several_copies_the_one_under_the_current_name_counts(tmp_path: Path, copy_first: bool):
    copy, stored = {"old.weight": values(6, 4, seed=9)}, dict(stored_weights(Small(seed=1), ENTRIES))
    write_folder(tmp_path, CONFIG, copy | stored if copy_first else stored | copy)
    model = Small(seed=2)
    load(model, tmp_path, rename=lambda name: "wte.weight" if name == "old.weight" else name)
    assert_same(model.state_dict(), Small(seed=1).state_dict())


def test_a_weight_that_two_entries_name_is_loaded_twice(tmp_path: Path):
    class Untied(nn.Module):
        def __init__(self) -> None:
            self.a, self.b = nn.Embedding(3, 2), nn.Embedding(3, 2)

    table = [Entry("shared", ("a.weight",)), Entry("shared", ("b.weight",))]
    write_folder(tmp_path, CONFIG, {"shared": values(3, 2)})
    model = Untied()
    with Weights(tmp_path) as weights:
        load_weights(model, table, weights)
    np.testing.assert_array_equal(model.a.weight.data, values(3, 2))
    np.testing.assert_array_equal(model.b.weight.data, values(3, 2))
    assert not np.shares_memory(model.a.weight.data, model.b.weight.data)
    with pytest.raises(ValueError, match="entries must have a name in the file each"):
        list(stored_weights(model, table))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (ENTRIES[:-1], "do not fit Small: parameters without an entry: scale$"),
        ([*ENTRIES, Entry("x", ("head.weight",))], r"entries for what is no parameter: head\.weight$"),
        ([*ENTRIES, Entry("x", ("q.bias", "scale"))], r"parameters in several entries: q\.bias, scale$"),
    ],
)
def test_a_table_that_does_not_fit_the_model_is_an_error_in_both_directions(tmp_path: Path, entries, message):
    model = Small()
    check_entries(model, ENTRIES)
    save(model, tmp_path)
    with Weights(tmp_path) as weights, pytest.raises(ValueError, match=message):
        load_weights(model, entries, weights)
    with pytest.raises(ValueError, match=message):
        list(stored_weights(model, entries))


# -- memory -----------------------------------------------------------------------------------------


class Deep(nn.Module):
    """Layers of all kinds, a megabyte for the largest weight and about thirty in all."""

    def __init__(self) -> None:
        self.layers = nn.ModuleList([nn.MultiHeadAttention(256, 4) for _ in range(30)])


DEEP_ENTRIES = [
    entry
    for i in range(30)
    for entry in (
        Entry(f"{i}.qkv.weight", tuple(f"layers.{i}.{name}.weight" for name in "qkv"), transposed=True),
        Entry(f"{i}.qkv.bias", tuple(f"layers.{i}.{name}.bias" for name in "qkv")),
        Entry(f"{i}.out.weight", (f"layers.{i}.out.weight",), transposed=True),
        Entry(f"{i}.out.bias", (f"layers.{i}.out.bias",)),
    )
]
LARGEST, BYTES = 4 * 3 * 256 * 256, 4 * 30 * 4 * (256 * 256 + 256)


def test_loading_needs_the_model_and_one_weight(tmp_path: Path):
    write_folder(tmp_path, CONFIG, stored_weights(Deep(), DEEP_ENTRIES), max_shard_bytes=BYTES // 3)
    with nn.unallocated():
        model = Deep()
    tracemalloc.start()
    try:
        with Weights(tmp_path) as weights:
            load_weights(model, DEEP_ENTRIES, weights)
        remaining, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert BYTES < remaining < BYTES + 0.3 * LARGEST
    assert peak < BYTES + 1.3 * LARGEST


def test_saving_needs_what_is_stacked_in_one_shard(tmp_path: Path):
    model = Deep()
    tracemalloc.start()
    try:
        write_folder(tmp_path, CONFIG, stored_weights(model, DEEP_ENTRIES), max_shard_bytes=3 * LARGEST)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4.3 * LARGEST
