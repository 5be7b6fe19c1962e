"""A reader's own text as a corpus."""

from pathlib import Path

import pytest

from experiments.text import own_text
from experiments.text.document import Document
from experiments.text.errors import DataError


def test_a_folder_is_read_with_its_subfolders_in_the_order_of_names(tmp_path: Path):
    (tmp_path / "part").mkdir()
    (tmp_path / ".git").mkdir()
    files = {
        "b.txt": "B",
        "a.md": "# A",
        "part/c.TXT": "C",
        "a-b.txt": "AB",
        "code.py": "x = 1",
        ".hidden.txt": "no",
        ".git/x.md": "no",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "folder.txt").mkdir()
    expected = [Document(name, files[name]) for name in ("a-b.txt", "a.md", "b.txt", "part/c.TXT")]
    assert own_text.read(tmp_path) == own_text.read(str(tmp_path)) == expected


def test_a_file_is_one_document_whatever_its_ending(tmp_path: Path):
    (tmp_path / "novel.tex").write_bytes("\ufeffOne.\r\n\r\nTwo:\u2028é.\r\n".encode())
    assert own_text.read(tmp_path / "novel.tex") == [Document("novel.tex", "One.\n\nTwo:\u2028é.")]


def test_a_folder_without_text_is_refused(tmp_path: Path):
    (tmp_path / "code.py").write_text("x = 1")
    with pytest.raises(DataError, match=r"expected files that end in \.txt or \.md, but the folder has none"):
        own_text.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b" \r\n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused_by_name(tmp_path: Path, content: bytes):
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.txt").write_bytes(content)
    with pytest.raises(DataError, match=r"b\.txt: expected text, got an empty file"):
        own_text.read(tmp_path)


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"one\ncaf\xe9\n")
    with pytest.raises(DataError, match=r"a\.txt, line 2: expected UTF-8 text, got 0xe9 as byte 7 of the file"):
        own_text.read(tmp_path)


def test_a_missing_path_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"novels: expected a file, but there is none"):
        own_text.read(tmp_path / "novels")
