"""safetensors files: what the package safetensors writes is read, and what it refuses is refused, by name."""

import json
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from minigrad.errors import CheckpointError
from minigrad.safetensors_file import NUMPY_DTYPES, StoredTensor, read_header, write_tensors

DTYPES = [np.dtype(dtype) for name, dtype in NUMPY_DTYPES.items() if name != "C64"]


def write_raw(path: Path, header: Any, data: bytes = b"", length: int | None = None) -> Path:
    """A file with this header, which need be none."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def read(path: Path) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    with path.open("rb") as file:
        return read_header(file)


# -- right files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_is_read_and_written_as_the_package_does(tmp_path: Path, dtype: np.dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    save_file({"x": array, "none": array[:0], "one": array[:1, 0].reshape(())}, tmp_path / "theirs")
    with (tmp_path / "theirs").open("rb") as file:
        tensors, metadata = read_header(file)
        np.testing.assert_array_equal(tensors["x"].read_exactly(), array, strict=True)
        assert tensors["none"].read_exactly().shape == (0, 3)
        assert tensors["one"].shape == ()
        assert b"".join(tensors["x"].blocks()) == array.tobytes()
    assert metadata == {}
    write_tensors(tmp_path / "ours", [("x", array.T), ("none", array[:0])], {"a": "b"})
    found = load_file(tmp_path / "ours")
    np.testing.assert_array_equal(found["x"], array.T, strict=True)
    assert found["none"].shape == (0, 3)
    assert read(tmp_path / "ours")[1] == {"a": "b"}


def test_big_endian_arrays_are_turned(tmp_path: Path):
    write_tensors(tmp_path / "x", [("x", np.array([1.0, 2.5], ">f4"))], {})
    np.testing.assert_array_equal(load_file(tmp_path / "x")["x"], np.float32([1, 2.5]), strict=True)


def test_what_a_file_cannot_hold_is_refused_before_it_is_written(tmp_path: Path):
    with pytest.raises(TypeError, match="x must be of a dtype that safetensors has, got complex128"):
        write_tensors(tmp_path / "x", [("x", np.zeros(1, complex))], {})
    with pytest.raises(ValueError, match="x must be the name of one array only"):
        write_tensors(tmp_path / "x", [("x", np.zeros(1)), ("x", np.zeros(1))], {})
    with pytest.raises(ValueError, match="__metadata__ must be the name of one array only"):
        write_tensors(tmp_path / "x", [("__metadata__", np.zeros(1))], {})
    assert not (tmp_path / "x").exists()


def test_a_file_that_shrinks_while_its_blocks_are_read_is_noticed(tmp_path: Path):
    write_tensors(tmp_path / "x", [("x", np.zeros(1000))], {})
    with (tmp_path / "x").open("rb") as file:
        tensors, _ = read_header(file)
        with (tmp_path / "x").open("r+b") as other:
            other.truncate(500)
        with pytest.raises(CheckpointError, match="has become shorter"):
            list(tensors["x"].blocks())
        with pytest.raises(CheckpointError, match="has become shorter"):
            tensors["x"].read_exactly()


# -- wrong headers ----------------------------------------------------------------------------------

WRONG: list[tuple[str, Any, str]] = [
    ("a list", [], r"must begin with \{, got b'\['"),
    ("a space first", b" {}", r"must begin with \{, got b' '"),
    ("no JSON", b'{"a": ', "the header, line 1: expected JSON"),
    ("more than JSON", b"{} {}", "the header, line 1: expected JSON"),
    ("no UTF-8", b'{"\xff": 1}', "can't decode byte 0xff"),
    ("half a surrogate pair", b'{"\\ud800": 1}', "surrogates not allowed"),
    ("half a pair in the metadata", b'{"__metadata__": {"a": "\\ud800"}}', "surrogates not allowed"),
    ("half a pair in its names", b'{"__metadata__": {"\\ud800": "a"}}', "surrogates not allowed"),
    ("deep", b'{"a": ' + b"[" * 200_000, "nested too deeply"),
    ("a name twice", b'{"a": 1, "a": 2}', "'a' is there twice"),
    ("a field twice", b'{"a": {"dtype": "F32", "dtype": "F64"}}', "'dtype' is there twice"),
    ("an entry that is a list", {"a": ["F32", [2], [0, 8]]}, "a must be an object"),
    ("an entry that is null", {"a": None}, "a must be an object, got None"),
    ("metadata that is a list", {"__metadata__": []}, "__metadata__ must be an object of strings"),
    ("metadata that holds numbers", {"__metadata__": {"a": 1}}, "__metadata__ must be an object of strings"),
    ("an unknown dtype", {"a": entry("F31")}, "a: dtype must be one of BOOL.*got 'F31'"),
    ("a dtype that is a list", {"a": entry(["F32"])}, "a: dtype must be one of"),
    ("no dtype", {"a": {"shape": [2], "data_offsets": [0, 8]}}, "a: dtype must be one of.*got None"),
    ("a negative size", {"a": entry(shape=[-1, -2])}, "a: shape must be .*not negative, got"),
    ("a float size", {"a": entry(shape=[2.0])}, "a: shape must be "),
    ("a boolean size", {"a": entry(shape=[True, 2])}, "a: shape must be "),
    ("a shape that is a number", {"a": entry(shape=2)}, "a: shape must be .*got 2"),
    ("no shape", {"a": {"dtype": "F32", "data_offsets": [0, 8]}}, "a: shape must be .*got None"),
    ("65 axes", {"a": entry(shape=[1] * 64 + [2])}, "a: shape must be at most 64 integers"),
    ("a huge size", {"a": entry(shape=[2**62, 2])}, "a: shape must be that of an array"),
    ("a huge size beside zero", {"a": entry(shape=[0, 2**62], offsets=(0, 0))}, "a: shape must be that of an array"),
    ("a shape of other bytes", {"a": entry(shape=[3])}, r"a: data_offsets leave 8 bytes, which are not those of F32"),
    ("negative offsets", {"a": entry(offsets=[-8, 0])}, "a: data_offsets must be"),
    ("offsets backwards", {"a": entry(offsets=[8, 0])}, "a: data_offsets must be"),
    ("offsets outside", {"a": entry(offsets=[8, 16])}, "a: data_offsets must be .* among the 8 .*, got"),
    ("huge offsets", {"a": entry(offsets=[2**63, 2**64])}, "a: data_offsets must be"),
    ("float offsets", {"a": entry(offsets=[0.0, 8.0])}, "a: data_offsets must be"),
    ("one offset", {"a": entry(offsets=[8])}, "a: data_offsets must be"),
    ("no offsets", {"a": {"dtype": "F32", "shape": [2]}}, "a: data_offsets must be"),
    ("the same bytes twice", {"a": entry(), "b": entry()}, "b: data_offsets must begin at 8, .* got 0"),
    ("an overlap", {"a": entry(shape=[1], offsets=[0, 4]), "b": entry("U8", [6], [2, 8])}, "b: .*begin at 4, .* got 2"),
    ("a hole in front", {"a": entry(shape=[1], offsets=[4, 8])}, "a: data_offsets must begin at 0, .* got 4"),
    ("a hole at the end", {"a": entry(shape=[1], offsets=[0, 4])}, "describes 4 bytes of data, but the file holds 8"),
]


# The package takes these; nobody writes the first, and NumPy has no array for the second.
STRICTER = ("an entry that is a list", "65 axes")


@pytest.mark.parametrize(("name", "header", "message"), WRONG, ids=[line[0] for line in WRONG])
def test_a_wrong_header_is_refused_by_file_and_field(tmp_path: Path, name: str, header: Any, message: str):
    path = write_raw(tmp_path / "crafted", header, bytes(8))
    with pytest.raises(CheckpointError, match=f"crafted is damaged, or not a safetensors file: .*{message}"):
        read(path)
    if name not in STRICTER:
        with pytest.raises(SafetensorError), safe_open(path, "numpy"):
            pass


@pytest.mark.parametrize("length", [3, 10, 100_000_001, 2**31, 2**63, 2**64 - 1])
def test_a_header_that_is_longer_than_the_file_is_refused_without_reading_it(tmp_path: Path, length: int):
    path = write_raw(tmp_path / "crafted", b"{}", length=length)
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=f"the length of the header must be at most 2, got {length}"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


# JSON values of every kind, those that a header has included.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 20) | st.sampled_from([2**31, 2**63, 2**64, 0.5, 8.0, "F32", "F4", ""]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("ab"), below, max_size=2),
    max_leaves=4,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "U8", "F64", "F4", "BOOL", "BF16"]) | VALUES,
        "shape": st.lists(st.integers(0, 4), max_size=3) | VALUES,
        "data_offsets": st.lists(st.integers(0, 9), min_size=2, max_size=2) | VALUES,
    },
)


@settings(max_examples=600)
@given(st.dictionaries(st.sampled_from(["a", "b", "__metadata__"]), FIELDS | VALUES, max_size=3), st.integers(0, 16))
def test_what_is_accepted_the_package_accepts_too(tmp_path_factory: pytest.TempPathFactory, header: Any, size: int):
    path = write_raw(tmp_path_factory.mktemp("crafted") / "file", header, bytes(size))
    try:
        tensors, _ = read(path)
    except CheckpointError:
        return
    with safe_open(path, "numpy") as file:
        assert sorted(file.keys()) == sorted(tensors)
        for name, tensor in tensors.items():
            assert tuple(file.get_slice(name).get_shape()) == tensor.shape


@settings(max_examples=300)
@given(st.data())
def test_one_changed_byte_is_read_as_the_package_reads_it_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    path = tmp_path_factory.mktemp("changed") / "file"
    save_file({"a": np.ones((2, 3), np.float32), "b": np.arange(2)}, path, {"format": "pt"})
    contents = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(contents) - 1))
    contents[position] = data.draw(st.integers(0, 255))
    path.write_bytes(contents)
    try:
        with path.open("rb") as file:
            arrays = {name: tensor.read_exactly() for name, tensor in read_header(file)[0].items()}
    except CheckpointError:
        return
    try:
        expected = load_file(path)
    except SafetensorError as error:
        raise AssertionError(f"the package refuses what is read here: {bytes(contents)!r}") from error
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        assert arrays[name].tobytes() == array.tobytes()
