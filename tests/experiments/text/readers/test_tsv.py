"""Tables with tabs: every text comes back as it was, and damage is named by file and line."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.text.errors import DataError
from experiments.text.readers.tsv import rows, rows_without_header

# Everything but the characters that end a field or a row, and halves of surrogate pairs, which UTF-8 cannot hold.
fields = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that every example overwrites."""
    return tmp_path_factory.mktemp("table") / "table.tsv"


def values(path: Path, columns: list[str]) -> list[list[str]]:
    return [[row.fields[column] for column in columns] for row in rows(path, columns)]


@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(fields, min_size=width, max_size=width), min_size=1, max_size=5)
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    last=st.booleans(),
)
def test_every_field_comes_back(path: Path, table: list[list[str]], end: str, mark: str, last: bool):
    columns = [f"column {n}" for n in range(len(table[0]))]
    text = end.join("\t".join(row) for row in [columns, *table]) + end * last
    path.write_bytes((mark + text).encode())
    assert values(path, columns) == table


@given(table=st.lists(st.lists(fields, min_size=2, max_size=2), min_size=1, max_size=5))
def test_it_reads_what_csv_reads_without_quoting(path: Path, table: list[list[str]]):
    path.write_text("".join("\t".join(row) + "\n" for row in [["a", "b"], *table]), "utf-8", newline="\n")
    with path.open(encoding="utf-8", newline="\n") as file:
        header, *expected = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert values(path, header) == expected


def test_columns_may_come_in_another_order_and_beside_others(path: Path):
    path.write_text("x\tb\ta\n1\t2\t3\n", "utf-8")
    assert values(path, ["a", "b"]) == [["3", "2"]]


def test_lines_are_counted_as_an_editor_counts_them(path: Path):
    path.write_text("a\tb\n1\u20282\x0b3\t4\n\n5\n", "utf-8")
    with pytest.raises(DataError, match=r"table\.tsv, line 4: expected 2 fields .*\(a, b\), got 1: '5'"):
        values(path, ["a", "b"])


def test_a_row_with_too_many_fields_is_refused(path: Path):
    path.write_text("a\tb\n1\t2\t3\n", "utf-8")
    with pytest.raises(DataError, match=r"line 2: expected 2 fields .* got 3: '1 \| 2 \| 3'"):
        values(path, ["a", "b"])
    with pytest.raises(DataError, match=r"line 2: expected 2 fields .* got 3"):
        list(rows_without_header(path, ["a", "b"]))


def test_an_empty_text_is_refused(path: Path):
    path.write_text("a\tb\n1\t \n", "utf-8")
    with pytest.raises(DataError, match=r"line 2: expected a text in the column b, got ' '"):
        [row.text("b") for row in rows(path, ["a", "b"])]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "an empty file"), (b"\n\n", "an empty file"), (b"\xef\xbb\xbf", "an empty file"), (b"a\tb\n", "none")],
)
def test_a_file_without_rows_is_refused(path: Path, content: bytes, words: str):
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"expected rows of a, b, got {words}$"):
        values(path, ["a", "b"])


@pytest.mark.parametrize(
    ("content", "line", "byte", "place"),
    [
        (b"a\tb\n1\t2\n3\tcaf\xe9\n", 3, "0xe9", 13),
        (b"\xff\xfea\x00", 1, "0xff", 0),
        ("a\té\n1\t".encode() + b"\xe2\x82", 2, "0xe2", 7),
    ],
    ids=["Latin-1", "UTF-16", "cut inside a character"],
)
def test_bytes_that_are_no_utf8_are_named_by_line_and_position(
    path: Path, content: bytes, line: int, byte: str, place: int
):
    path.write_bytes(content)
    assert content[place] == int(byte, 16)
    with pytest.raises(DataError, match=rf"line {line}: expected UTF-8 text, got {byte} as byte {place} of the file"):
        values(path, ["a"])
