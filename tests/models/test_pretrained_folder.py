"""Checkpoint folders: the package safetensors reads what is written and the other way; what is damaged is refused."""

import json
import os
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from safetensors.numpy import load_file, save_file

from minigrad.errors import CheckpointError
from models.pretrained.folder import INDEX, WEIGHTS, Weights, read_config, write_folder

CONFIG = {"model_type": "gpt2", "n_embd": 4, "note": "é"}


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def read_all(folder: Path) -> dict[str, np.ndarray]:
    with Weights(folder) as weights:
        return {name: weights.read(name) for name in weights.names}


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name, strict=True)


def write_raw(path: Path, tensors: dict[str, tuple[str, list[int], bytes]]) -> None:
    """A safetensors file from dtype, shape and bytes, for the types that NumPy does not have."""
    header, end = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values()))


# -- config.json ------------------------------------------------------------------------------------


def test_the_config_comes_back_as_it_was_written(tmp_path: Path):
    write_folder(tmp_path, CONFIG, {})
    assert read_config(tmp_path, "gpt2") == CONFIG
    assert '"note": "é"' in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_the_config_of_another_family_is_refused(tmp_path: Path):
    write_folder(tmp_path, {"model_type": "bert"}, {})
    with pytest.raises(CheckpointError, match=r"config\.json: expected a gpt2 checkpoint, got bert"):
        read_config(tmp_path, "gpt2")
    write_folder(tmp_path, {}, {})
    with pytest.raises(CheckpointError, match="expected a gpt2 checkpoint, got a config without model_type"):
        read_config(tmp_path, "gpt2")


def test_a_folder_without_a_config_is_refused(tmp_path: Path):
    with pytest.raises(CheckpointError, match=r"there is no folder .*elsewhere"):
        read_config(tmp_path / "elsewhere", "gpt2")
    with pytest.raises(CheckpointError, match=r"not a checkpoint in Hugging Face's layout: it has no config\.json"):
        read_config(tmp_path, "gpt2")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"model_type": ', r"config\.json, line 1: expected JSON"),
        (b'{"a": "\xff"}', r"config\.json: expected UTF-8 text, got the byte 0xff at position 7"),
        (b"[" * 200_000, r"config\.json: expected JSON, got brackets nested too deeply"),
        (b'["gpt2"]', r"config\.json: expected a JSON object, got a list"),
    ],
)
def test_a_damaged_config_is_refused(tmp_path: Path, content: bytes, message: str):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        read_config(tmp_path, "gpt2")


# -- reading weights --------------------------------------------------------------------------------

STORED = {"a": values(3, 4), "b": values(5, seed=1), "scalar": values(), "empty": values(0, 2)}


def test_weights_are_read_from_the_file_that_the_package_writes(tmp_path: Path):
    save_file(STORED, tmp_path / WEIGHTS, {"format": "pt"})
    assert_same(read_all(tmp_path), STORED)
    with Weights(tmp_path) as weights:
        assert weights.shape("a") == (3, 4)
        assert sorted(weights.names) == sorted(STORED)


def test_what_is_read_can_be_written_to_and_is_read_anew_each_time(tmp_path: Path):
    save_file(STORED, tmp_path / WEIGHTS)
    with Weights(tmp_path) as weights:
        for name in weights.names:
            array = weights.read(name)
            assert array.flags.writeable
            assert array.flags.c_contiguous
            array[...] = 7
        assert_same({name: weights.read(name) for name in weights.names}, STORED)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floating_types_become_float32(tmp_path: Path, dtype: type):
    stored = {name: array.astype(dtype) for name, array in STORED.items()}
    save_file(stored, tmp_path / WEIGHTS)
    assert_same(read_all(tmp_path), {name: array.astype(np.float32) for name, array in stored.items()})


@given(arrays_of.arrays(np.uint16, st.sampled_from([(), (5,), (2, 3), (0, 2)])))
def test_bfloat16_is_the_upper_half_of_float32(tmp_path_factory: pytest.TempPathFactory, bits: np.ndarray):
    folder = tmp_path_factory.mktemp("bfloat16")
    write_raw(folder / WEIGHTS, {"x": ("BF16", list(bits.shape), bits.astype("<u2").tobytes())})
    found = read_all(folder)["x"]
    assert found.dtype == np.float32
    assert found.shape == bits.shape
    assert found.flags.writeable
    np.testing.assert_array_equal(found.view(np.uint32), bits.astype(np.uint32) << 16)


def test_the_numbers_of_bfloat16(tmp_path: Path):
    write_raw(tmp_path / WEIGHTS, {"x": ("BF16", [3], bytes.fromhex("803f 00c0 4940"))})  # 0x3f80, 0xc000, 0x4049
    np.testing.assert_array_equal(read_all(tmp_path)["x"], np.float32([1, -2, 3.140625]))


def test_integers_are_listed_but_not_read(tmp_path: Path):
    save_file({"ids": np.arange(3)}, tmp_path / WEIGHTS)
    with Weights(tmp_path) as weights:
        assert weights.names == ["ids"]
        with pytest.raises(CheckpointError, match=r"model\.safetensors: expected one of F64, F32, F16, BF16, got I64"):
            weights.read("ids")


def test_a_folder_without_weights_is_refused(tmp_path: Path):
    with pytest.raises(CheckpointError, match=r"there is no folder .*elsewhere"):
        Weights(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match=r"holds no weights: expected model\.safetensors, or .*index\.json"):
        Weights(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin"])
def test_a_pickle_is_not_read_but_the_way_out_is_told(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"not even looked at")
    with pytest.raises(CheckpointError) as raised:
        Weights(tmp_path)
    assert f"holds its weights as {name} alone, a pickle" in str(raised.value)
    assert f".from_pretrained({str(tmp_path)!r}).save_pretrained({str(tmp_path)!r})" in str(raised.value)


def test_a_file_truncated_anywhere_is_refused(tmp_path: Path):
    save_file(STORED, tmp_path / WEIGHTS)
    whole = (tmp_path / WEIGHTS).read_bytes()
    for length in range(len(whole)):
        (tmp_path / WEIGHTS).write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"model\.safetensors is damaged, or not a safetensors file"):
            Weights(tmp_path)


def test_a_file_that_shrinks_while_it_is_open_is_noticed(tmp_path: Path):
    save_file({"a": values(100, 100)}, tmp_path / WEIGHTS)
    with Weights(tmp_path) as weights:
        with (tmp_path / WEIGHTS).open("r+b") as file:
            file.truncate(20_000)
        with pytest.raises(CheckpointError, match=r"model\.safetensors has become shorter"):
            weights.read("a")


# -- shards -----------------------------------------------------------------------------------------

SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


@pytest.fixture
def sharded(tmp_path: Path) -> Path:
    """A folder whose weights a and b lie in a shard each, written by the package."""
    for name, shard in zip("ab", SHARDS, strict=True):
        save_file({name: STORED[name]}, tmp_path / shard, {"format": "pt"})
    write_index(tmp_path, {"a": SHARDS[0], "b": SHARDS[1]})
    return tmp_path


def write_index(folder: Path, weight_map: object) -> None:
    (folder / INDEX).write_text(json.dumps({"weight_map": weight_map}), encoding="utf-8")


def test_weights_are_read_from_the_shards_that_the_index_names(sharded: Path):
    save_file({"a": STORED["a"], "not in the index": values(2)}, sharded / SHARDS[0])
    save_file({"c": values(2)}, sharded / "not-in-the-index.safetensors")
    assert_same(read_all(sharded), {name: STORED[name] for name in "ab"})


def test_a_missing_or_damaged_shard_is_refused(sharded: Path):
    shard = sharded / SHARDS[1]
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=f"{SHARDS[1]} is damaged"):
        Weights(sharded)
    shard.unlink()
    with pytest.raises(CheckpointError, match=f"{SHARDS[1]} is missing, a shard that {INDEX} names"):
        Weights(sharded)


def test_a_shard_that_lacks_what_the_index_places_in_it_is_refused(sharded: Path):
    write_index(sharded, dict.fromkeys(["a", "b", "c"], SHARDS[0]))
    with pytest.raises(CheckpointError, match=f"{SHARDS[0]} lacks weights that {INDEX} places in it: b, c"):
        Weights(sharded)


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")
def test_a_shard_may_be_a_link_as_in_the_hubs_cache_but_no_pipe(sharded: Path):
    (sharded / "blobs").mkdir()
    (sharded / SHARDS[0]).rename(sharded / "blobs" / "c0ffee")
    (sharded / SHARDS[0]).symlink_to(Path("blobs") / "c0ffee")
    assert_same(read_all(sharded), {name: STORED[name] for name in "ab"})
    (sharded / SHARDS[1]).unlink()
    os.mkfifo(sharded / SHARDS[1])
    with pytest.raises(CheckpointError, match=f"{SHARDS[1]} is missing"):
        Weights(sharded)


@pytest.mark.parametrize("outside", ["../a.safetensors", "/etc/a.safetensors", "sub/a.safetensors", "a.bin", 3])
def test_an_index_that_points_elsewhere_is_refused(sharded: Path, outside: object):
    write_index(sharded, {"a": outside})
    message = f"expected a safetensors file in the same folder for a, got {outside!r}"
    with pytest.raises(CheckpointError, match=re.escape(message)):
        Weights(sharded)


@pytest.mark.parametrize("weight_map", [None, [], {}])
def test_an_index_without_weights_is_refused(sharded: Path, weight_map: object):
    write_index(sharded, weight_map)
    with pytest.raises(CheckpointError, match=r"index\.json: expected weight_map, an object of weights and their file"):
        Weights(sharded)


# -- writing ----------------------------------------------------------------------------------------


def test_what_is_written_is_what_the_package_reads(tmp_path: Path):
    weights = STORED | {
        "transposed": values(3, 4).T,
        "strided": values(6, 4)[::2],
        "same": np.broadcast_to(values(), 3),
    }
    write_folder(tmp_path / "new" / "folder", CONFIG, iter(weights.items()))
    assert files(tmp_path / "new" / "folder") == ["config.json", WEIGHTS]
    assert_same(load_file(tmp_path / "new" / "folder" / WEIGHTS), weights)
    assert_same(read_all(tmp_path / "new" / "folder"), weights)


def test_the_file_says_what_transformers_looks_for_and_is_aligned(tmp_path: Path):
    write_folder(tmp_path, CONFIG, STORED)
    data = (tmp_path / WEIGHTS).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    assert json.loads(data[8 : 8 + length])["__metadata__"] == {"format": "pt"}
    assert length % 8 == 0


@pytest.mark.parametrize(
    ("max_shard_bytes", "sizes"), [(1, [1] * 5), (39, [1] * 5), (40, [2, 2, 1]), (60, [3, 2]), (100, [5])]
)
def test_shards_are_as_large_as_they_may_be(tmp_path: Path, max_shard_bytes: int, sizes: list[int]):
    weights = {name: values(5, seed=ord(name)) for name in "abcde"}  # 20 bytes each
    write_folder(tmp_path, CONFIG, weights, max_shard_bytes)
    assert_same(read_all(tmp_path), weights)
    if len(sizes) == 1:
        assert files(tmp_path) == ["config.json", WEIGHTS]
        return
    shards = [f"model-{i + 1:05}-of-{len(sizes):05}.safetensors" for i in range(len(sizes))]
    assert files(tmp_path) == ["config.json", *shards, INDEX]
    assert [len(load_file(tmp_path / shard)) for shard in shards] == sizes
    index = json.loads((tmp_path / INDEX).read_text(encoding="utf-8"))
    assert index["metadata"] == {"total_size": 100}
    assert index["weight_map"] == {name: shard for shard in shards for name in load_file(tmp_path / shard)}


@pytest.mark.parametrize("before", [1, 50, 1000])
@pytest.mark.parametrize("after", [1, 50, 1000])
def test_an_earlier_save_gives_way_to_the_new_one_and_other_files_stay(tmp_path: Path, before: int, after: int):
    old = {name: values(5, seed=ord(name)) for name in "abcde"}
    write_folder(tmp_path, {"model_type": "bert"}, old, before)
    (tmp_path / "vocab.json").write_text("{}", encoding="utf-8")
    new = {name: values(3, seed=1) for name in "xyz"}
    write_folder(tmp_path, CONFIG, new, after)
    assert read_config(tmp_path, "gpt2") == CONFIG
    assert_same(read_all(tmp_path), new)
    fresh = tmp_path / "fresh"
    write_folder(fresh, CONFIG, new, after)
    expected = [*files(fresh), "fresh", "vocab.json"]
    assert files(tmp_path) == sorted(expected)


@pytest.mark.parametrize("max_shard_bytes", [20, 1000])
def test_a_save_that_fails_while_writing_leaves_the_earlier_one(tmp_path: Path, max_shard_bytes: int):
    old = {"a": values(5)}
    write_folder(tmp_path, CONFIG, old)
    wrong = [("a", values(5, seed=1)), ("b", values(5).astype(np.float64))]
    with pytest.raises(TypeError, match="b must be float32, got float64"):
        write_folder(tmp_path, {"model_type": "bert"}, wrong, max_shard_bytes)
    assert files(tmp_path) == ["config.json", WEIGHTS]
    assert read_config(tmp_path, "gpt2") == CONFIG
    assert_same(read_all(tmp_path), old)


@pytest.mark.parametrize("before", [20, 1000])
@pytest.mark.parametrize("after", [20, 1000])
def test_a_save_stopped_at_any_rename_leaves_no_mixture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int, after: int
):
    from models.pretrained import folder as module

    old = {name: values(5, seed=1) for name in "ab"}
    new = {name: values(5, seed=2) for name in "ab"}
    replace, countdown = module.os.replace, 0

    def stops(source: Path, target: Path) -> None:
        nonlocal countdown
        if countdown == 0:
            raise OSError("the power is off")
        countdown -= 1
        replace(source, target)

    for renames in range(5):
        folder = tmp_path / str(renames)
        write_folder(folder, CONFIG, old, before)
        with monkeypatch.context() as patch:
            patch.setattr(module.os, "replace", stops)
            countdown = renames
            try:
                write_folder(folder, CONFIG | {"n_embd": 8}, new, after)
            except OSError:
                with pytest.raises(CheckpointError, match=r"it has no config\.json"):
                    read_config(folder, "gpt2")
                continue
        assert read_config(folder, "gpt2")["n_embd"] == 8
        assert_same(read_all(folder), new)
        return
    raise AssertionError("that many renames are not needed")


def test_arguments_that_make_no_sense_are_refused_before_anything_is_written(tmp_path: Path):
    with pytest.raises(ValueError, match="max_shard_bytes must be at least 1, got 0"):
        write_folder(tmp_path / "new", CONFIG, STORED, max_shard_bytes=0)
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_folder(tmp_path / "new", {"dtype": np.float32}, STORED)
    assert files(tmp_path) == []
