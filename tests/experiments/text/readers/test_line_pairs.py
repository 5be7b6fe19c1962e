"""Translations, in two parallel files and in one table."""

from pathlib import Path

import pytest

from experiments.text.errors import DataError
from experiments.text.readers import line_pairs
from experiments.text.readers.examples import Examples, Pair


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_two_parallel_files(tmp_path: Path):
    german = write(tmp_path / "a.de", "\ufeffHallo\r\n\r\nEs schneit.\r\nOhne.\r\n")
    english = write(tmp_path / "a.en", "Hello\nEmpty on the other side.\nIt is snowing.\n \n")
    expected = [Pair("Hallo", "Hello"), Pair("Es schneit.", "It is snowing.")]
    assert line_pairs.read(german, english) == Examples(expected, skipped=2)


@pytest.mark.parametrize(("source", "target"), [("1\n2\n3\n", "1\n"), ("1\n", "1\n2")])
def test_files_of_different_lengths_are_refused(tmp_path: Path, source: str, target: str):
    first, second = write(tmp_path / "a.de", source), write(tmp_path / "a.en", target)
    longer_file, shorter_file = (first, second) if len(source) > len(target) else (second, first)
    with pytest.raises(DataError) as caught:
        line_pairs.read(first, second)
    assert str(caught.value) == f"{longer_file}, line 2: expected as many lines as in {shorter_file}, which has 1"


def test_one_table(tmp_path: Path):
    path = write(tmp_path / "fra.txt", "Go.\tVa !\tCC-BY 2.0\r\nHi.\tSalut.\r\n\tSans source\r\n\r\n")
    assert line_pairs.read_tsv(path) == Examples([Pair("Go.", "Va !"), Pair("Hi.", "Salut.")], skipped=1)


@pytest.mark.parametrize(("line", "n"), [("Va !", 1), ("a\tb\tc\td", 4)])
def test_a_line_with_another_number_of_fields_is_refused(tmp_path: Path, line: str, n: int):
    path = write(tmp_path / "fra.txt", f"Go.\tVa !\n{line}\n")
    with pytest.raises(DataError, match=rf"fra\.txt, line 2: expected source and target .* got {n} fields: "):
        line_pairs.read_tsv(path)


def test_files_without_pairs_are_refused(tmp_path: Path):
    empty, blank = write(tmp_path / "a.de", "\n"), write(tmp_path / "a.en", "Hello\n")
    with pytest.raises(DataError, match=r"a\.de and .*a\.en: expected pairs of texts, got 1 lines and no pair"):
        line_pairs.read(empty, blank)
    with pytest.raises(DataError, match=r"a\.de: expected pairs of texts, got 0 lines and no pair with both sides"):
        line_pairs.read_tsv(empty)
    with pytest.raises(DataError, match=r"a\.fr: expected a file, but there is none; the folder has a\.de, a\.en"):
        line_pairs.read(tmp_path / "a.fr", blank)


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path):
    good = write(tmp_path / "a.en", "Hello\nCoffee\n")
    (tmp_path / "a.fr").write_bytes(b"Salut\ncaf\xe9\n")
    with pytest.raises(DataError, match=r"a\.fr, line 2: expected UTF-8 text, got 0xe9 as byte 9 of the file"):
        line_pairs.read(tmp_path / "a.fr", good)
