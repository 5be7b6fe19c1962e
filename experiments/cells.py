"""A cell is one unit of work that is never done twice: its numbers, kept in a file of their own.

The file holds the value, how long it took when it was computed, and a checksum, so that a resumed run
ends with the same numbers and a damaged file is noticed instead of believed.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.folders import write_text


class DamagedCell(ValueError):
    """A cell's file is not what was written."""


@dataclass(frozen=True)
class Cell:
    """What one cell came to."""

    key: str
    seed: int | None
    value: dict[str, Any]
    seconds: float  # wall time when it was computed
    commit: str  # the code that computed it


def save(cell: Cell, path: Path) -> None:
    """Write the cell, whole or not at all."""
    record = dataclasses.asdict(cell)
    write_text(path, json.dumps(record | {"checksum": fingerprint(record)}, ensure_ascii=False))


def load(path: Path) -> Cell:
    """Read a cell.

    Raises:
        FileNotFoundError: if there is none.
        DamagedCell: if the file is not JSON, or not the JSON that was written.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        intact = record.pop("checksum") == fingerprint(record)
        cell = Cell(**record)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise DamagedCell(f"{path} is damaged ({type(error).__name__}: {error})") from error
    if not intact:
        raise DamagedCell(f"{path} is damaged (its checksum does not fit)")
    return cell


def fingerprint(value: Any) -> str:
    """A short hash of a value: of its JSON with sorted keys."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def plain(value: Any, where: str = "value") -> Any:
    """The same value in what JSON knows: dataclasses and mappings to dicts, arrays and tuples to lists.

    `where` names the value in messages.

    Raises:
        TypeError: on anything else, or on a key that is not text.
        ValueError: on NaN and infinities, which JSON does not have; write None where there is no number.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        if odd := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"{where}: keys must be text, got {odd[0]!r}")
        return {key: plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} must be finite, got {value}; write None where there is no number")
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{where} must be numbers, text, lists and dicts, got {type(value).__name__}: {value!r}")
