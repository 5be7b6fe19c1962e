"""A document, as every source of text gives it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """A text and its name: `topics/assert`, `json/decoder.py`, or in the toy world the genre, `story`."""

    name: str
    text: str
