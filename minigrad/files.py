"""Reading and writing files: UTF-8 on every platform, atomic writes, and errors that name the damaged file."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path in the same folder, which is renamed to `path` if the block succeeds.

        with replacing("result.json") as temporary:
            temporary.write_text(text)

    A reader sees the old file or the new one, never a part of either. If the block fails, the old file remains and
    the temporary one is removed. The folder is created if necessary.

    Raises:
        ValueError: if path does not name a file, as "" does not.
    """
    path = Path(path)
    if not path.name:
        raise ValueError(f"path must be that of a file, got {str(path)!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)  # if it is a link, we would write to its target
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.errno is not None and error.filename is None:  # for example on a full disk
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8, with \\n as line end on every platform."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a UTF-8 file.

    Raises:
        ValueError: naming the file, if it is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        byte, place = error.object[error.start], error.start
        raise ValueError(f"{path}: expected UTF-8 text, got the byte {byte:#04x} at position {place}") from None


def parse_json(text: str, name: str, *, unique_names: bool = False) -> Any:
    """The value of a JSON text. `name` says in errors where the text comes from.

    Args:
        unique_names: whether to reject an object with the same name twice. Otherwise the last value counts.

    Raises:
        ValueError: if it is not JSON, holds NaN or an infinity (not in the JSON standard; the error names the field),
            or is nested deeper than Python can read.
    """
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_unique if unique_names else None)
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}, line {error.lineno}: expected JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError(f"{name}: expected JSON, got brackets nested too deeply to read") from None
    except ValueError as error:  # a refused constant or name, or an integer of thousands of digits
        raise ValueError(f"{name}: expected JSON ({_field_of_constant(text)}{error})") from None


def read_json(path: str | os.PathLike[str]) -> Any:
    """The value of a JSON file.

    Raises:
        ValueError: naming the file, if it is damaged.
    """
    return parse_json(read_text(path), str(path))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")


def _field_of_constant(text: str) -> str:
    """The field with the first NaN or infinity, as `in the field a.b[0]: `. Empty if there is none."""
    refused = object()
    try:
        waiting = [(json.loads(text, parse_constant=lambda constant: refused), "")]
    except ValueError:
        return ""
    while waiting:  # a recursion could overflow the stack
        item, where = waiting.pop()
        if item is refused:
            return f"in the field {where}: " if where else ""
        if isinstance(item, dict):
            waiting += [(inner, f"{where}.{key}" if where else key) for key, inner in reversed(item.items())]
        elif isinstance(item, list):
            waiting += [(inner, f"{where}[{index}]") for index, inner in reversed(list(enumerate(item)))]
    return ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise ValueError(f"{name!r} is there twice in one object")
        values[name] = value
    return values
