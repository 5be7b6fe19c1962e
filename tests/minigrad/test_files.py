"""Files are written whole or not at all, and damage is reported by name."""

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
