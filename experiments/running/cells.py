"""A cell is one unit of work that is never done twice: its numbers are kept in a file of their own.

The file holds the value, the seconds that it took to compute, and a checksum: a resumed run ends with the same numbers,
and a damaged file is detected.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.evidence.decoding import decode
from experiments.evidence.plain import fingerprint
from minigrad.files import read_json, write_text


class DamagedCell(ValueError):
    """A cell's file is not what was written."""


@dataclass(frozen=True)
class Cell:
    """The value of a cell, and how it was computed."""

    key: str
    seed: int | None
    value: dict[str, Any]
    seconds: float  # wall time when it was computed
    commit: str  # the code that computed it
    files: dict[str, str] = field(default_factory=dict)  # the files that a training left in its folder: name -> hash


def save(cell: Cell, path: Path) -> None:
    """Write the cell atomically."""
    record = dataclasses.asdict(cell)
    write_text(path, json.dumps(record | {"checksum": fingerprint(record)}, ensure_ascii=False))


def load(path: Path) -> Cell:
    """Read a cell.

    Raises:
        FileNotFoundError: if there is none.
        DamagedCell: if the file is not JSON, or not the JSON that was written.
    """
    try:
        record = read_json(path)
        if not isinstance(record, dict) or record.pop("checksum", None) != fingerprint(record):
            raise DamagedCell(f"{path} is damaged (its checksum does not fit)")
        return decode(Cell, record, "")
    except (FileNotFoundError, DamagedCell):
        raise
    except NotADirectoryError as error:  # a part of the path is a file
        raise FileNotFoundError(f"there is no {path}") from error
    except (ValueError, TypeError, RecursionError, IsADirectoryError) as error:
        raise DamagedCell(f"{path} is damaged ({type(error).__name__}: {error})") from error


def file_hashes(folder: Path, leave_out: str) -> dict[str, str]:
    """The hash of each file below the folder, by its relative path; `leave_out` and temporary files are left out."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".tmp"]
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: _file_hash(path) for name, path in names.items() if name != leave_out}


def check_files(cell: Cell, folder: Path) -> None:
    """Refuse a cell whose files have changed since it was computed.

    Raises:
        DamagedCell: naming the first that is missing or has changed.
    """
    for name, expected in cell.files.items():
        try:
            intact = _file_hash(folder / name) == expected
        except OSError as error:  # there is no such file, or it is a folder
            raise DamagedCell(f"{folder / name} is missing ({error.strerror})") from error
        if not intact:
            raise DamagedCell(f"{folder / name} is damaged (its checksum does not fit)")


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
