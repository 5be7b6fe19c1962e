"""Reading and writing a safetensors file: a header that describes the arrays, then their bytes.

    8 bytes    n, the length of the header
    n bytes    {"wte.weight": {"dtype": "F32", "shape": [50257, 768], "data_offsets": [0, 154389504]}, …,
                "__metadata__": {"format": "pt"}}
    the rest   the arrays in C order, one after the other; offsets count from here

All numbers are little-endian. A file may come from a stranger, so the whole header is checked before any array is
read: every byte after it must belong to exactly one array. So no array takes more memory than the file is long. The
same arrays in the same order give the same bytes.

Source: https://huggingface.co/docs/safetensors, "Format".
"""

import json
import math
import os
import reprlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.errors import CheckpointError
from minigrad.files import parse_json

METADATA = "__metadata__"  # the only name in a header that is not an array's: a dictionary of strings

NUMPY_DTYPES = {
    "BOOL": "|b1", "U8": "|u1", "U16": "<u2", "U32": "<u4", "U64": "<u8", "I8": "|i1", "I16": "<i2", "I32": "<i4",
    "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8",
}  # fmt: skip
"""NumPy's dtypes by their names in safetensors."""

BITS = {
    **{name: 8 * np.dtype(dtype).itemsize for name, dtype in NUMPY_DTYPES.items()},
    "BF16": 16, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8,
    "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip
"""The size of one number for every dtype that a file may hold, including those that NumPy does not have."""

FLOATING = ("F64", "F32", "F16", "BF16")
"""The dtypes that can be read as float32."""

_LONGEST_HEADER = 100_000_000  # bytes; the format's own limit
_MOST_AXES = 64  # NumPy's own limit
_BLOCK = 1 << 20


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that is still in its file.

    Attributes:
        dtype: its name in safetensors: F32, BF16, I64, …
        shape: the shape of the array.
        file: the open file.
        start: the byte of the file at which it begins.
        nbytes: how many bytes it takes in the file.
    """

    dtype: str
    shape: tuple[int, ...]
    file: BufferedReader
    start: int
    nbytes: int

    def read(self) -> np.ndarray:
        """Its values in float32, as a new writable array.

        Raises:
            CheckpointError: if the dtype is not a floating one, or the file has become shorter.
        """
        if self.dtype not in FLOATING:
            raise CheckpointError(f"{self.file.name}: expected one of {', '.join(FLOATING)}, got {self.dtype}")
        if self.dtype == "BF16":  # bfloat16 is the upper 16 bits of a float32
            bits = self._read_as("<u2").astype(np.uint32)
            bits <<= 16
            return bits.view(np.float32)
        return self.read_exactly().astype(np.float32, copy=False)

    def read_exactly(self) -> np.ndarray:
        """Its values in the dtype of the file, as a new writable array.

        Raises:
            CheckpointError: if NumPy has no such dtype, or the file has become shorter.
        """
        if self.dtype not in NUMPY_DTYPES:
            raise CheckpointError(f"{self.file.name}: expected one of {', '.join(NUMPY_DTYPES)}, got {self.dtype}")
        return self._read_as(NUMPY_DTYPES[self.dtype])

    def blocks(self) -> Iterator[bytes]:
        """Its bytes, a block at a time, so that a tensor can be read that does not fit into memory."""
        for done in range(0, self.nbytes, _BLOCK):
            self.file.seek(self.start + done)
            size = min(_BLOCK, self.nbytes - done)
            block = self.file.read(size)
            if len(block) < size:
                raise self._has_become_shorter()
            yield block

    def _read_as(self, dtype: str) -> np.ndarray:
        array = np.empty(self.shape, dtype)
        self.file.seek(self.start)
        if self.file.readinto(array.reshape(-1).view(np.uint8).data) < array.nbytes:
            raise self._has_become_shorter()
        return array

    def _has_become_shorter(self) -> CheckpointError:
        return CheckpointError(f"{self.file.name} has become shorter since it was opened")


# -- reading ----------------------------------------------------------------------------------------


def read_header(file: BufferedReader) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    """The tensors of an open safetensors file by name, and the strings of its metadata.

    Raises:
        CheckpointError: naming the file and what is wrong with it, if it is truncated, longer than its header says, or
            not a safetensors file.
    """
    try:
        length, header = _read_json(file)
        metadata = _check_metadata(header.pop(METADATA, {}))
        start, end = 8 + length, os.fstat(file.fileno()).st_size
        tensors = {name: _tensor(name, entry, file, start, end) for name, entry in header.items()}
        _check_places(tensors, start, end)
    except ValueError as error:
        raise CheckpointError(f"{file.name} is damaged, or not a safetensors file: {error}") from None
    return tensors, metadata


def _read_json(file: BufferedReader) -> tuple[int, dict[str, Any]]:
    """The length of the header, and the header."""
    size = os.fstat(file.fileno()).st_size
    first = file.read(8)
    if len(first) < 8:
        raise ValueError(f"expected 8 bytes that hold the length of the header, got {len(first)}")
    (length,) = struct.unpack("<Q", first)
    longest = min(size - 8, _LONGEST_HEADER)
    if length > longest:
        raise ValueError(f"the length of the header must be at most {longest}, got {length}")
    text = file.read(length)
    if not text.startswith(b"{"):
        raise ValueError(f"the header must begin with {{, got {text[:1]!r}")
    header = parse_json(text.decode("utf-8"), "the header", unique_names=True)
    _check_text(header)
    return length, header


def _check_metadata(metadata: Any) -> dict[str, str]:
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError(f"{METADATA} must be an object of strings, got {reprlib.repr(metadata)}")
    _check_text((*metadata, *metadata.values()))
    return metadata


def _check_text(strings: Iterable[str]) -> None:
    """Raise ValueError (UnicodeEncodeError is one) for strings that JSON allows but that are not text: "\\ud800"."""
    for string in strings:
        string.encode("utf-8")


def _tensor(name: str, entry: Any, file: BufferedReader, start: int, end: int) -> StoredTensor:
    """The tensor that an entry of the header describes. The data of all tensors are the bytes from `start` to `end`."""
    if not isinstance(entry, dict):
        raise ValueError(f"{name} must be an object, got {reprlib.repr(entry)}")
    dtype: Any = entry.get("dtype")
    shape: Any = entry.get("shape")
    offsets: Any = entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in BITS:
        raise ValueError(f"{name}: dtype must be one of {', '.join(BITS)}, got {reprlib.repr(dtype)}")
    if not _are_sizes(shape) or len(shape) > _MOST_AXES:
        expected = f"at most {_MOST_AXES} integers that are not negative"
        raise ValueError(f"{name}: shape must be {expected}, got {reprlib.repr(shape)}")
    # NumPy limits the size of an array even if it is empty: it counts a length of 0 as 1.
    if math.prod(size for size in shape if size) * 8 >= 2**63:
        raise ValueError(f"{name}: shape must be that of an array, got {reprlib.repr(shape)}")
    if not _are_sizes(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= end - start:
        expected = f"begin and end of bytes among the {end - start} behind the header"
        raise ValueError(f"{name}: data_offsets must be {expected}, got {reprlib.repr(offsets)}")
    nbytes = offsets[1] - offsets[0]
    if 8 * nbytes != math.prod(shape) * BITS[dtype]:
        raise ValueError(f"{name}: data_offsets leave {nbytes} bytes, which are not those of {dtype} and {shape}")
    return StoredTensor(dtype, tuple(shape), file, start + offsets[0], nbytes)


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)  # True is not a size


def _check_places(tensors: Mapping[str, StoredTensor], start: int, end: int) -> None:
    """Raise ValueError unless the tensors follow each other without gaps, from the first byte of data to the last."""
    free = start
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].nbytes)):
        if tensor.start != free:
            expected, got = free - start, tensor.start - start
            raise ValueError(f"{name}: data_offsets must begin at {expected}, where the bytes before end, got {got}")
        free += tensor.nbytes
    if free != end:
        raise ValueError(f"the header describes {free - start} bytes of data, but the file holds {end - start}")


# -- writing ----------------------------------------------------------------------------------------


def write_tensors(path: Path, arrays: Sequence[tuple[str, np.ndarray]], metadata: Mapping[str, str]) -> None:
    """Write arrays under their names. An array that is not in C order is copied only while it is written.

    Raises:
        TypeError: if the format does not support the dtype of an array.
        ValueError: if two arrays have the same name.
        OSError: if the file cannot be written. An incomplete file remains.
    """
    names = {np.dtype(dtype): name for name, dtype in NUMPY_DTYPES.items()}
    header: dict[str, Any] = {METADATA: dict(metadata)}
    end = 0
    for name, array in arrays:
        dtype = array.dtype.newbyteorder("<")
        if dtype not in names:
            raise TypeError(f"{name} must be of a dtype that safetensors has, got {array.dtype}")
        if name in header:
            raise ValueError(f"{name} must be the name of one array only")
        header[name] = {"dtype": names[dtype], "shape": array.shape, "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the arrays begin at a multiple of 8
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, array in arrays:
            file.write(np.asarray(array, array.dtype.newbyteorder("<"), order="C").data)
