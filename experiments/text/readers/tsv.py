"""Tables as GLUE has them: a line a row, fields separated by tabs, the names of the columns in the first line.

Nothing is quoted (`csv.QUOTE_NONE`): a quotation mark is a character of the text, so a field ends at a tab and a row at
the end of its line. Reading these files with quoting joins hundreds of rows, because many sentences have one
quotation mark.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.text.errors import DataError
from experiments.text.readers.examples import LabelledText
from experiments.text.readers.lines import numbered_lines

SPLITS = {split: f"{split}.tsv" for split in ("train", "dev", "test")}
"""The files of most GLUE tasks."""


@dataclass(frozen=True)
class Row:
    """One row of a table: its place, and its fields by column."""

    path: Path
    number: int
    fields: dict[str, str]

    def text(self, column: str) -> str:
        """A field that must not be empty.

        Raises:
            DataError: if it is empty or white space.
        """
        value = self.fields[column]
        if not value.strip():
            raise DataError(f"{self.path}, line {self.number}: expected a text in the column {column}, got {value!r}")
        return value

    def label(self, column: str, labels: Sequence[str]) -> int:
        """The index of a field in the labels.

        Raises:
            DataError: if it is not one of them.
        """
        value = self.fields[column]
        if value not in labels:
            expected = ", ".join(labels)
            raise DataError(
                f"{self.path}, line {self.number}: expected one of {expected} in the column {column}, got {value!r:.80}"
            )
        return labels.index(value)

    def score(self, column: str, low: float, high: float) -> float:
        """A number from `low` to `high`.

        Raises:
            DataError: if the field is anything else.
        """
        value = self.fields[column]
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not low <= number <= high:  # NaN is neither
            raise DataError(
                f"{self.path}, line {self.number}: expected a number from {low:g} to {high:g} in the column {column}, "
                f"got {value!r:.80}"
            )
        return number


def rows(path: Path, columns: Sequence[str], *, cut_off: list[int] | None = None) -> Iterator[Row]:
    """Each row of a table with a header. Empty lines are ignored.

    Args:
        columns: the columns that it must have. It may have others.
        cut_off: if given, a row with too few fields is left out, and the number of its line is appended here. Otherwise
            such a row is an error.

    Raises:
        DataError: if the file is missing or not UTF-8, a column is missing, a row has more or fewer fields than the
            header, or there is no row.
    """
    header: list[str] | None = None
    found = False
    for number, fields in _split_lines(path):
        if header is None:
            header = fields
            _check_header(path, number, header, columns)
        elif cut_off is not None and len(fields) < len(header):
            cut_off.append(number)
        else:
            found = True
            yield _row(path, number, header, fields)
    if not found:
        raise DataError(f"{path}: expected rows of {', '.join(columns)}, got {'none' if header else 'an empty file'}")


def rows_without_header(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Each row of a table that has exactly these columns and no header. Raises errors as `rows` does."""
    found = False
    for number, fields in _split_lines(path):
        found = True
        yield _row(path, number, columns, fields)
    if not found:
        raise DataError(f"{path}: expected rows of {', '.join(columns)}, got an empty file")


def _split_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in numbered_lines(path):
        if line:
            yield number, line.split("\t")


def _check_header(path: Path, number: int, header: list[str], columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in header]
    if missing:
        raise DataError(
            f"{path}, line {number}: expected a header with the columns {', '.join(columns)}, separated by tabs; "
            f"{', '.join(missing)} is missing from {', '.join(header)!r:.200}"
        )


def _row(path: Path, number: int, columns: Sequence[str], fields: list[str]) -> Row:
    if len(fields) != len(columns):
        raise DataError(
            f"{path}, line {number}: expected {len(columns)} fields separated by tabs ({', '.join(columns)}), "
            f"got {len(fields)}: {' | '.join(fields)!r:.80}"
        )
    return Row(path, number, dict(zip(columns, fields, strict=True)))


def labelled_texts(
    path: Path, texts: Sequence[str], label: str | None = None, labels: Sequence[str] = ()
) -> list[LabelledText]:
    """The examples of a table with a header.

    Args:
        texts: the columns of the first text and, if there is one, the second.
        label: the column of the label. None if the file has no labels, as GLUE's test files.
        labels: what may be in that column.

    Raises:
        DataError: as `rows` does, or if a text is empty or a label unknown.
    """
    first, *second = texts
    return [
        LabelledText(
            row.text(first),
            row.text(second[0]) if second else None,
            None if label is None else row.label(label, labels),
        )
        for row in rows(path, [*texts, *([] if label is None else [label])])
    ]
