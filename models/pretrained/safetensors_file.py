"""One safetensors file: a header that says what lies where, then the bytes of the arrays.

    8 bytes    n, the length of the header
    n bytes    {"wte.weight": {"dtype": "F32", "shape": [50257, 768], "data_offsets": [0, 154389504]}, …}
    the rest   the arrays in C order, one after the other; the offsets count from here

All numbers are little-endian. The package `safetensors` judges whether a file is whole. The arrays are read and
written here: NumPy has no bfloat16, and the package wants all arrays of a file in memory, in C order, at once.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from minigrad.errors import CheckpointError

FLOATING = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""The floating types by safetensors' names. NumPy has no bfloat16, so its bits are read as an integer."""


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that is still in its file.

    Attributes:
        dtype: as safetensors spells it: F32, BF16, I64, …
        shape: of the array.
        file: the open file.
        start: the byte of the file at which it begins.
    """

    dtype: str
    shape: tuple[int, ...]
    file: BufferedReader
    start: int

    def read(self) -> np.ndarray:
        """Its values in float32, in memory of their own that may be written to.

        Raises:
            CheckpointError: if they are not of a floating type, or the file has become shorter.
        """
        if self.dtype not in FLOATING:
            raise CheckpointError(f"{self.file.name}: expected one of {', '.join(FLOATING)}, got {self.dtype}")
        array = np.empty(self.shape, FLOATING[self.dtype])
        self.file.seek(self.start)
        if self.file.readinto(array.reshape(-1).view(np.uint8).data) < array.nbytes:
            raise CheckpointError(f"{self.file.name} has become shorter since it was opened")
        if self.dtype == "BF16":  # the upper 16 bits of a float32
            bits = array.astype(np.uint32)
            bits <<= 16
            return bits.view(np.float32)
        return array.astype(np.float32, copy=False)


def read_header(file: BufferedReader) -> dict[str, StoredTensor]:
    """What an open safetensors file holds, by name.

    Raises:
        CheckpointError: if it is truncated, or not a safetensors file.
    """
    try:
        with safe_open(file.name, "numpy"):
            pass  # opening compares the header with the file's length
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{file.name} is damaged, or not a safetensors file: {error}") from error
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {
        name: StoredTensor(entry["dtype"], tuple(entry["shape"]), file, 8 + length + entry["data_offsets"][0])
        for name, entry in header.items()
    }


def write_tensors(path: Path, arrays: Sequence[tuple[str, np.ndarray]]) -> None:
    """Write float32 arrays under their names. One that is not in C order is copied while it is written, not before.

    Raises:
        TypeError: if an array is not float32.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}  # transformers reads no file without this
    end = 0
    for name, array in arrays:
        if array.dtype != np.float32:
            raise TypeError(f"{name} must be float32, got {array.dtype}")
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the arrays begin at a multiple of 8
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, array in arrays:
            file.write(np.asarray(array, "<f4", order="C").data)
