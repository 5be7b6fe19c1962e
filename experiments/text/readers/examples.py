"""The types that readers return."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Example = TypeVar("Example")


@dataclass(frozen=True)
class Examples(Generic[Example]):
    """The examples of a file in its order, and the number of its rows that are known to be unusable."""

    items: list[Example]
    skipped: int = 0


@dataclass(frozen=True)
class LabelledText:
    """A text or a pair of texts, with its label.

    Attributes:
        second: None if the task is about one text.
        label: an index into the reader's LABELS, or a score (STS-B). None if the file has no labels.
    """

    first: str
    second: str | None
    label: int | float | None


@dataclass(frozen=True)
class Answer:
    """A part of a context: `context[start : start + len(text)] == text`. Offsets count characters."""

    text: str
    start: int


@dataclass(frozen=True)
class Question:
    """A question on a context. A question without answers cannot be answered from its context."""

    id: str
    context: str
    question: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Pair:
    """A text and its translation."""

    source: str
    target: str
