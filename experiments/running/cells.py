"""A cell is one unit of work that is never done twice: its numbers, kept in a file of their own.

The file holds the value, how long it took when it was computed, and a checksum, so that a resumed run
ends with the same numbers and a damaged file is noticed instead of believed.
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
    """What one cell came to."""

    key: str
    seed: int | None
    value: dict[str, Any]
    seconds: float  # wall time when it was computed
    commit: str  # the code that computed it
    files: dict[str, str] = field(default_factory=dict)  # what it left beside its own file: name -> hash


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
        record = read_json(path)
        if not isinstance(record, dict) or record.pop("checksum", None) != fingerprint(record):
            raise DamagedCell(f"{path} is damaged (its checksum does not fit)")
        return decode(Cell, record, "")
    except (FileNotFoundError, DamagedCell):
        raise
    except NotADirectoryError as error:  # nor can there be a file below a file
        raise FileNotFoundError(f"there is no {path}") from error
    except (ValueError, TypeError, RecursionError, IsADirectoryError) as error:
        raise DamagedCell(f"{path} is damaged ({type(error).__name__}: {error})") from error


def file_hashes(folder: Path, leave_out: str) -> dict[str, str]:
    """The hash of each file below the folder, by its name there; one file, and temporary ones, are left out."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".tmp"]
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: _file_hash(path) for name, path in names.items() if name != leave_out}


def check_files(cell: Cell, folder: Path) -> None:
    """Refuse a cell whose files are no longer what it left.

    Raises:
        DamagedCell: naming the first that is missing or has changed.
    """
    for name, expected in cell.files.items():
        try:
            intact = _file_hash(folder / name) == expected
        except OSError as error:  # it is not there, or a folder has its name
            raise DamagedCell(f"{folder / name} is missing ({error.strerror})") from error
        if not intact:
            raise DamagedCell(f"{folder / name} is damaged (its checksum does not fit)")


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
