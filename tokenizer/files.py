"""Reading and writing a tokenizer's files: UTF-8 on every platform, and written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_text(path: Path, text: str) -> None:
    """Write under a temporary name, then rename: a reader never meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file; ValueError, naming the file, if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected UTF-8 text, got {error.object[error.start]:#04x}") from None


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, with characters as they are instead of escapes."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=0) + "\n")


def read_json(path: Path) -> Any:
    """The value of a JSON file; ValueError, naming file and line, if it is damaged."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {error.lineno}: expected JSON ({error.msg})") from None
