"""Reading and writing a tokenizer's files.

Text is UTF-8 on every platform. A file is written completely or not at all. Errors name the damaged file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from errno import EISDIR
from pathlib import Path
from typing import Any, TypeVar

from tokenizer.checks import LARGEST_ID, repeated, shown

Made = TypeVar("Made")
SURROGATE = re.compile("[\ud800-\udfff]")  # half of a character in UTF-16, not a character


def write_text(path: Path, text: str) -> None:
    """Write under a temporary name, then rename: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path, "tmp")
    try:
        _write_new(temporary, text)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_together(folder: Path, texts: Mapping[str, str], obsolete: Iterable[str] = ()) -> None:
    """Write files that belong together, and remove files that do not belong to them.

    texts: the text of each file by its name; no reader accepts the folder without the first file
    obsolete: names of files of an older tokenizer, which are removed if they exist

    A reader finds all of the old files, all of the new ones, or no first file. This holds wherever the program is
    killed, because the first file is removed first and written last. If writing fails, the old files are restored.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first, *others = (folder / name for name in texts)
    with ExitStack() as undo:
        for path, text in zip([first, *others], texts.values(), strict=True):
            undo.callback(_beside(path, "tmp").unlink, missing_ok=True)
            _write_new(_beside(path, "tmp"), text)
        old = [path for path in (first, *others, *(folder / name for name in obsolete)) if os.path.lexists(path)]
        for path in old:
            if path.is_dir() and not path.is_symlink():
                raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
        for path in old:
            os.replace(path, _beside(path, "old"))
            undo.callback(os.replace, _beside(path, "old"), path)
        for path in (*others, first):
            os.replace(_beside(path, "tmp"), path)
            undo.callback(path.unlink)
        undo.pop_all()
    for path in old:
        _beside(path, "old").unlink()


def _beside(path: Path, ending: str) -> Path:
    """A name in the same folder that no other process uses; renaming is atomic only within a folder's file system."""
    return path.with_name(f"{path.name}.{os.getpid()}.{ending}")


def _write_new(path: Path, text: str) -> None:
    """Write a new file. Anything with its name is removed first, so a link is replaced and not followed."""
    path.unlink(missing_ok=True)
    with open(path, "x", encoding="utf-8", newline="\n") as file:
        file.write(text)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. Raises ValueError, naming the file, if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        byte, place = error.object[error.start], error.start
        raise ValueError(f"{path}: expected UTF-8 text, got {byte:#04x} at position {place}") from None


def as_json(value: Any) -> str:
    """A value as JSON, with characters outside ASCII as they are instead of escapes."""
    return json.dumps(value, ensure_ascii=False, indent=0) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON."""
    write_text(path, as_json(value))


def read_json(path: Path) -> Any:
    """The value of a JSON file.

    Raises ValueError, naming the file, if it is damaged: if it is not JSON, contains NaN or an infinity (which are
    not JSON), has a name twice in an object, or is nested deeper than Python can read.
    """
    text = read_text(path)
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {error.lineno}: expected JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError(f"{path}: expected JSON, got brackets nested too deeply to read") from None
    except ValueError as error:  # raised by the functions below, or for an integer of thousands of digits
        raise ValueError(f"{path}: expected JSON ({error})") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object without repeated names, for which Python takes the last value and others the first."""
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError(f"expected every name once, got {shown(repeated(name for name, _ in pairs))} twice")
    return names


def read_object(path: Path) -> dict[str, Any]:
    """The object of a JSON file, as a dict. Raises ValueError, naming the file, for any other value."""
    value = read_json(path)
    if not isinstance(value, dict):
        raise ValueError(f"{path}: expected an object, got a {type(value).__name__}")
    return value


def same_json(theirs: Any, ours: Any) -> bool:
    """Whether two JSON values are the same: `==` in Python takes 1 and true as equal.

    Only `theirs` may be nested deeply, so the recursion ends at the depth of `ours`.
    """
    if type(theirs) is not type(ours):
        return False
    if isinstance(ours, dict):
        return theirs.keys() == ours.keys() and all(same_json(theirs[name], value) for name, value in ours.items())
    if isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(same_json, theirs, ours))
    return theirs == ours


def from_file(path: Path, make: Callable[..., Made], *parts: Any) -> Made:
    """`make(*parts)`, with parts that were read from a file. Raises ValueError, naming the file, if `make` does."""
    try:
        return make(*parts)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def check_token(path: Path, value: Any, what: str = "a token") -> str:
    """A token in a file. Raises ValueError, naming the file, for anything but a string of at least one character."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{path}: expected a string of at least one character as {what}, got {shown(value)}")
    if SURROGATE.search(value):
        raise ValueError(f"{path}: expected Unicode characters in {what}, got a lone surrogate in {shown(value)}")
    return value


def check_id(path: Path, token: str, id: Any) -> int:
    """The id of a token in a file. Raises ValueError, naming the file and the token, for anything but an id."""
    if isinstance(id, bool) or not isinstance(id, int) or not 0 <= id <= LARGEST_ID:
        got = f"{shown(id)} (ids are integers from 0 to {LARGEST_ID})"
        raise ValueError(f"{path}: expected an integer of its own for {shown(token)}, got {got}")
    return id


def check_ids(path: Path, value: Any, field: str = "") -> dict[str, int]:
    """An object token -> id in a file, such as a vocabulary.

    Raises ValueError, naming the file, for anything else, for a bad token, and for an id that occurs twice.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{path}: expected an object of ids{field}, got a {type(value).__name__}")
    token_of: dict[int, str] = {}
    for token, id in value.items():
        check_token(path, token)
        other = token_of.setdefault(check_id(path, token, id), token)
        if other != token:
            got = f"{id}, which is that of {shown(other)}"
            raise ValueError(f"{path}: expected an integer of its own for {shown(token)}, got {got}")
    return value
