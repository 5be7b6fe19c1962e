"""What is damaged in the work folder is said, and computed again."""

import shutil

import pytest

from experiments.running.places import remove
from tests.experiments.running.test_work import Counted, again, work

__all__ = ["work"]


def leaves_a_file(value):
    """A training whose numbers are its own, and whose weights are `value`."""

    def train(folder, *arguments):
        assert not list(folder.iterdir()), "what was damaged is gone"
        (folder / "deeper").mkdir()
        (folder / "deeper" / "weights.txt").write_text(value, encoding="utf-8")
        return {"value": value}

    return train


def in_place_of(path, what):
    """Put something else in the place of a file or folder."""
    content = path.read_bytes() if path.is_file() else b"x"
    remove(path)
    if what == "a folder":
        path.mkdir()
    elif what == "truncated":
        path.write_bytes(content[:-1])
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "a deep file":
        path.write_bytes(b"[" * 200_000)


@pytest.mark.parametrize("name", ["record.json", "deeper/weights.txt", "deeper"])
@pytest.mark.parametrize("what", ["nothing", "a folder", "truncated", "empty", "a deep file"])
def test_a_finished_training_whose_files_are_damaged_is_trained_again(work, name, what, capsys):
    folder, _ = work.checkpoint("a", leaves_a_file("old"))
    in_place_of(folder / name, what)
    if (name, what) == ("record.json", "nothing"):
        remove(folder / "deeper")  # without a record, what lies there is an unfinished training's
    assert again(work).checkpoint("a", leaves_a_file("new")) == (folder, {"value": "new"})
    assert (folder / "deeper" / "weights.txt").read_text(encoding="utf-8") == "new"
    said = capsys.readouterr().err
    if (name, what) != ("record.json", "nothing"):
        assert said.startswith(f"Warning: {folder / name}")
        assert said.endswith("it is computed again.\n")
    assert again(work).checkpoint("a", leaves_a_file("newer")) == (folder, {"value": "new"})


def test_a_finished_training_with_the_weights_of_another_is_trained_again(work):
    one, _ = work.checkpoint("one", leaves_a_file("one"), {"n": 1})
    other, _ = work.checkpoint("other", leaves_a_file("other"), {"n": 2})
    shutil.copy(other / "deeper" / "weights.txt", one / "deeper" / "weights.txt")
    assert again(work).checkpoint("one", leaves_a_file("one, again"), {"n": 1})[1] == {"value": "one, again"}


@pytest.mark.parametrize("of", ["cells", "checkpoints"])
def test_a_file_in_place_of_a_folder_is_replaced(work, of, capsys):
    if of == "cells":
        work.folder.parent.mkdir(parents=True)
        work.folder.write_text("in the way", encoding="utf-8")
        assert work.cell("a", Counted()) == {"value": 1.5}
    else:
        remove(folder := work.checkpoint("a", leaves_a_file("old")).folder)
        folder.write_text("in the way", encoding="utf-8")
        again(work).checkpoint("a", leaves_a_file("new"))
    assert "is not a folder; it is replaced by one." in capsys.readouterr().err


@pytest.mark.parametrize("what", ["a folder", "truncated", "empty", "a deep file"])
def test_whatever_is_in_the_place_of_a_cell_is_computed_again(work, what):
    work.cell("a", Counted(1))
    (file,) = work.folder.iterdir()
    in_place_of(file, what)
    assert again(work).cell("a", Counted(2)) == {"value": 2}
    assert again(work).cell("a", Counted(3)) == {"value": 2}
