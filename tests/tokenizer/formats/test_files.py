"""Files are UTF-8, and are written whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tokenizer import ByteLevelBPE, WordPiece
from tokenizer.formats.bert_files import SPECIAL_TOKENS
from tokenizer.formats.files import read_json, read_text, write_json, write_text, write_together

ROOT = Path(__file__).resolve().parents[3]
OLD = ByteLevelBPE.train("the cat sat on the mat " * 3, 262, ["<old>"])
NEW = ByteLevelBPE.train("a lazy dog and a lazy fox " * 3, 265, ["<new>"])
KILLED = """
import os, sys
from tokenizer import ByteLevelBPE

left = int(sys.argv[2])

def killed_when_it_is_time(do):
    def instead(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return do(*arguments, **options)
    return instead

tokenizer = ByteLevelBPE.load(sys.argv[3])
os.replace, os.unlink = map(killed_when_it_is_time, (os.replace, os.unlink))
tokenizer.save(sys.argv[1])
"""


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


def same(one, other):
    return (one.vocab, one.merges, one.special_tokens) == (other.vocab, other.merges, other.special_tokens)


def test_a_kill_leaves_the_old_tokenizer_or_the_new_one_or_none(tmp_path):
    """Killed at each of the steps that change a name, one after the other, until there is none left."""
    NEW.save(tmp_path / "new")
    states = []
    while "done" not in states:
        folder = tmp_path / str(len(states))
        OLD.save(folder)
        (folder / "added_tokens.json").write_text(f'{{"<added>": {OLD.vocab_size}}}', encoding="utf-8")
        old = ByteLevelBPE.load(folder)
        command = [sys.executable, "-c", KILLED, str(folder), str(len(states)), str(tmp_path / "new")]
        killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False).returncode
        assert killed in (0, 9)
        if not (folder / "merges.txt").exists():
            states.append("none")
            with pytest.raises(FileNotFoundError, match=r"merges\.txt"):
                ByteLevelBPE.load(folder)
        else:
            loaded = ByteLevelBPE.load(folder)
            assert same(loaded, old) or same(loaded, NEW)
            states.append("old" if same(loaded, old) else "done" if killed == 0 else "new")
        NEW.save(folder)  # whatever was left, saving again puts it right
        assert same(ByteLevelBPE.load(folder), NEW)
    assert list(dict.fromkeys(states)) == ["old", "none", "new", "done"]
    assert states.count("none") >= 8  # four files go, or three and one for good, and four come


@pytest.mark.parametrize("nth", range(9))
def test_an_error_while_saving_leaves_the_old_tokenizer(nth, tmp_path, monkeypatch):
    OLD.save(tmp_path)
    (tmp_path / "added_tokens.json").write_text(f'{{"<added>": {OLD.vocab_size}}}', encoding="utf-8")
    old, files = ByteLevelBPE.load(tmp_path), sorted(os.listdir(tmp_path))
    replace, calls = os.replace, []

    def refuse(*paths):
        calls.append(paths)
        if len(calls) == nth + 1:
            raise OSError("disk full")
        replace(*paths)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match="disk full"):
            NEW.save(tmp_path)
    assert same(ByteLevelBPE.load(tmp_path), old)
    assert sorted(os.listdir(tmp_path)) == files


def test_wordpiece_is_saved_as_a_whole_too(tmp_path, monkeypatch):
    WordPiece([*SPECIAL_TOKENS, "the"], special_tokens=["[old]"]).save(tmp_path)
    events = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda one, two: (events.append(Path(two).name), replace(one, two)))
    WordPiece([*SPECIAL_TOKENS, "The"], lowercase=False).save(tmp_path)
    assert events[0].startswith("vocab.txt.")  # without it, there is no tokenizer in the folder
    assert events[-1] == "vocab.txt"
    assert sorted(os.listdir(tmp_path)) == ["tokenizer_config.json", "vocab.txt"]


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_touched(tmp_path):
    OLD.save(tmp_path)
    (tmp_path / "vocab.json").unlink()
    (tmp_path / "vocab.json").mkdir()
    with pytest.raises(IsADirectoryError, match=r"vocab\.json"):
        NEW.save(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["merges.txt", "special_tokens.json", "tokenizer_config.json", "vocab.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_nothing_is_written_through_a_link(tmp_path):
    outside, folder = tmp_path / "outside.txt", tmp_path / "folder"
    folder.mkdir()
    outside.write_text("precious", encoding="utf-8")
    for name in "merges.txt", "vocab.json", "text.txt":
        for link in name, f"{name}.{os.getpid()}.tmp", f"{name}.{os.getpid()}.old":
            (folder / link).symlink_to(outside)
    OLD.save(folder)
    write_text(folder / "text.txt", "new")
    write_together(folder, {"one.txt": "1", "two.txt": "2"}, obsolete=["text.txt"])
    assert outside.read_text(encoding="utf-8") == "precious"
    assert same(ByteLevelBPE.load(folder), OLD)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 200_000, "expected JSON, got brackets nested too deeply to read"),
        ('{"a":' * 200_000, "expected JSON, got brackets nested too deeply to read"),
        ('{"a": NaN}', "expected JSON .NaN is not a number of JSON"),
        ("[-Infinity]", "expected JSON .-Infinity is not a number of JSON"),
        ("9" * 5000, "expected JSON .Exceeds the limit"),
        ('{"a": 1, "b": {"c": 1, "c": 1}}', "expected JSON .expected every name once, got 'c' twice"),
        ('\n{"a": 1', "line 2: expected JSON"),
        ("", "line 1: expected JSON"),
    ],
    ids=lambda value: value[:12],
)
def test_damaged_json_is_named(text, message, tmp_path):
    (tmp_path / "value.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"value\.json.*{message}"):
        read_json(tmp_path / "value.json")
