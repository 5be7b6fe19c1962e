"""Files are UTF-8, and are written whole or not at all."""

import os

import pytest

from tokenizer.files import read_json, read_text, write_json, write_text


def test_what_is_written_is_read(tmp_path):
    write_text(tmp_path / "new" / "text.txt", "é\n漢\n")
    assert read_text(tmp_path / "new" / "text.txt") == "é\n漢\n"
    write_json(tmp_path / "value.json", {"é": [1, None]})
    assert read_json(tmp_path / "value.json") == {"é": [1, None]}


def test_line_ends_and_encoding_do_not_depend_on_the_platform(tmp_path):
    write_text(tmp_path / "text.txt", "é\n")
    assert (tmp_path / "text.txt").read_bytes() == b"\xc3\xa9\n"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    write_text(path, "old")

    def refuse(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["text.txt"]


def test_text_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / "latin1.txt").write_bytes(b"\xe9")
    with pytest.raises(ValueError, match=r"latin1\.txt: expected UTF-8 text, got 0xe9"):
        read_text(tmp_path / "latin1.txt")
