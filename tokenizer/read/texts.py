"""The text that a tokenizer learns from: a string, an iterable of strings, or a file.

All of them become documents, and each document becomes chunks. A file is one document. It is read a chunk at
a time, so that a tokenizer can learn from a file that is larger than memory.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

Texts = str | Path | Iterable[str]

CHUNK = 1 << 20  # bytes read at a time


def documents(texts: Texts) -> Iterator[Iterable[str]]:
    """Each document of `texts`, as the chunks that make it up.

    A `str` is one document (never the name of a file), a `Path` is a UTF-8 file with one document, and each item
    of any other iterable is one document. Raises TypeError for anything but text.
    """
    if isinstance(texts, str):
        yield [texts]
    elif isinstance(texts, Path):
        yield file_chunks(texts)
    elif isinstance(texts, Iterable) and not isinstance(texts, (bytes, bytearray)):
        for number, text in enumerate(texts):
            if not isinstance(text, str):
                raise TypeError(f"texts: expected strings, got {type(text).__name__} as item {number}")
            yield [text]
    else:
        got = type(texts).__name__
        raise TypeError(f"texts: expected a string, an iterable of strings or a pathlib.Path, got {got}")


def file_chunks(path: Path, start: int = 0, end: int = sys.maxsize) -> Iterator[str]:
    """The text of a UTF-8 file, or of its bytes from `start` to `end`, a chunk at a time. Line ends are not changed.

    Raises ValueError, naming the file, if it is not UTF-8.
    """
    with open(path, "rb") as file:
        if start:  # a pipe cannot seek; it is read from the start anyway
            file.seek(start)
        yield from stream_chunks(file, str(path), end - start)


def stream_chunks(file: BinaryIO, name: str, length: int = sys.maxsize) -> Iterator[str]:
    """The text of the next `length` bytes of an open file, or of all that are left.

    Raises ValueError, with the file's `name`, if they are not UTF-8.
    """
    # Incremental, because a chunk may end inside a character. The decoder keeps its first bytes for the next chunk.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while data := file.read(min(CHUNK, length)):
            length -= len(data)
            yield decoder.decode(data)
        yield decoder.decode(b"", final=True)  # raises if the last character is incomplete
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: expected UTF-8 text, got {error.object[error.start]:#04x}") from None


def input_chunks(file: str) -> Iterator[str]:
    """The text of the file that a command line names, or of standard input if that is "-", a chunk at a time."""
    return stream_chunks(sys.stdin.buffer, "standard input") if file == "-" else file_chunks(Path(file))


def whole_words(chunks: Iterable[str]) -> Iterator[str]:
    """The same text, cut only at white space, so that no word is split between two chunks."""
    held: list[str] = []  # the beginning of a word; neither searched nor copied again, however long it grows
    for chunk in chunks:
        check_text(chunk)
        last_word = "" if chunk[-1:].isspace() else chunk.rsplit(maxsplit=1)[-1] if chunk else ""
        if len(last_word) == len(chunk):
            held.append(chunk)
        else:
            yield "".join([*held, chunk[: len(chunk) - len(last_word)]])
            held = [last_word]
    yield "".join(held)


def check_text(text: object) -> None:
    """Raises TypeError unless `text` is a string."""
    if not isinstance(text, str):
        raise TypeError(f"text: expected str, got {type(text).__name__}")


def utf8(text: str) -> bytes:
    """The text's UTF-8 bytes. Raises ValueError for a lone surrogate, which has none, and TypeError for non-strings."""
    check_text(text)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        surrogate, around = ord(text[error.start]), text[max(error.start - 20, 0) : error.start + 20]
        raise ValueError(
            f"text: expected Unicode characters, got the lone surrogate U+{surrogate:04X} in {around!r}; "
            f'text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") repairs such text'
        ) from None
