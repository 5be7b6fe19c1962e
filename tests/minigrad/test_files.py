"""Files are written whole or not at all, and damage is reported by name."""

import os

import pytest

from minigrad import files


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "result.txt"
    files.write_text(path, "old")
    with pytest.raises(OSError, match="disk full"), files.replacing(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise OSError("disk full")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.txt"]


def test_a_reader_never_meets_half_a_file(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    files.write_text(path, "old")
    replace, seen = files.os.replace, []

    def look_and_replace(source, target):
        seen.append((files.read_text(path), files.read_text(source)))
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", look_and_replace)
    files.write_text(path, "new")
    assert seen == [("old", "new")]
    assert files.read_text(path) == "new"


def test_lines_end_alike_everywhere(tmp_path):
    files.write_text(tmp_path / "new" / "text.txt", "ä\nb")
    assert (tmp_path / "new" / "text.txt").read_bytes() == "ä\nb".encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": }', "line 1: expected JSON"),
        (b'{"a": NaN}', "in the field a: NaN is not a number of JSON"),
        (b'{"a": [1, {"b": -Infinity}], "c": NaN}', r"in the field a\[1\].b: -Infinity is not a number of JSON"),
        (b"NaN", r"expected JSON \(NaN is not"),
        (b"1" * 10_000, "expected JSON"),
        (b"\xff", "expected UTF-8 text, got the byte 0xff at position 0"),
    ],
)
def test_damaged_json_is_a_value_error_that_names_the_file(tmp_path, content, words):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        files.read_json(path)
    assert str(path) in str(caught.value)
    assert type(caught.value) is ValueError


def test_a_name_may_be_asked_to_be_there_only_once():
    assert files.parse_json('{"a": 1, "a": 2}', "config.json") == {"a": 2}
    with pytest.raises(ValueError, match=r"config\.json: expected JSON \('a' is there twice in one object\)"):
        files.parse_json('[{"b": {"a": 1, "a": 2}}]', "config.json", unique_names=True)


def test_a_link_in_place_of_the_temporary_file_is_not_written_through(tmp_path):
    (tmp_path / "secret").write_text("mine")
    (tmp_path / f"result.txt.{os.getpid()}.tmp").symlink_to(tmp_path / "secret")
    files.write_text(tmp_path / "result.txt", "new")
    assert (tmp_path / "secret").read_text() == "mine"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["result.txt", "secret"]
