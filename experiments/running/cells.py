"""A cell is one unit of work that is never done twice: its numbers, kept in a file of their own.

The file holds the value, how long it took when it was computed, and a checksum, so that a resumed run
ends with the same numbers and a damaged file is noticed instead of believed.
"""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.evidence.plain import fingerprint
from minigrad.files import write_text


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
