"""The files of a data set, and their lines. An error names the file, the line and the byte."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.text.errors import DataError

BYTE_ORDER_MARK = "\ufeff"


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Each line of a UTF-8 file with its number, from 1. The line end and a byte order mark are removed.

    A line ends with \\n or \\r\\n. Other characters at which `str.splitlines` would split are part of the text.

    Raises:
        DataError: if there is no such file, or it is not UTF-8.
    """
    check_file(path)
    offset = 0  # in bytes, of the line
    with path.open("rb") as file:
        for number, data in enumerate(file, 1):
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError as error:
                byte, place = data[error.start], offset + error.start
                raise DataError(
                    f"{path}, line {number}: expected UTF-8 text, got {byte:#04x} as byte {place} of the file (from 0)"
                ) from None
            offset += len(data)
            if number == 1:
                text = text.removeprefix(BYTE_ORDER_MARK)
            yield number, text.removesuffix("\n").removesuffix("\r")


def check_file(path: Path) -> None:
    """Raise a DataError unless the path is that of a file; it says what the folder has instead."""
    if path.is_dir():
        raise DataError(f"{path}: expected a file, got a folder")
    if path.exists():
        return
    if not path.parent.is_dir():
        raise DataError(f"{path}: expected a file, but there is no folder {path.parent}")
    names = sorted(file.name for file in path.parent.iterdir())
    raise DataError(f"{path}: expected a file, but there is none; the folder has {_some(names) or 'no files'}")


def _some(names: Sequence[str], most: int = 8) -> str:
    return ", ".join([*names[:most], *(["…"] if len(names) > most else [])])


def split_file(folder: str | os.PathLike[str], split: str, files: dict[str, str]) -> Path:
    """The file of a split in a data set's folder.

    Args:
        files: the name of each split's file.

    Raises:
        ValueError: if there is no such split.
    """
    if split not in files:
        raise ValueError(f"split must be one of {', '.join(files)}, got {split!r}")
    return Path(folder) / files[split]
