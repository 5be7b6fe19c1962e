"""A seed's world as models read it: its text, which is written once, and again if its file is damaged."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from experiments.lab import worlds
from experiments.lab.probes import evaluating, look
from experiments.lab.worlds import EOS_ID, START_ID, Reading
from experiments.text.toy_world import world as toy_world
from experiments.text.toy_world.vocabulary import tokenizer
from experiments.text.toy_world.world import SHARES, World
from minigrad import is_grad_enabled
from models.gpt import GPT, GPTConfig

READING = Reading(n_tokens=600)


@pytest.fixture(autouse=True)
def texts(monkeypatch, tmp_path) -> Iterator[Path]:
    """The folder where texts are kept: empty, and no text is remembered."""
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))
    worlds.text_of.cache_clear()
    worlds.fingerprint_of.cache_clear()
    yield tmp_path / "texts"
    worlds.text_of.cache_clear()
    worlds.fingerprint_of.cache_clear()


def again(reading: Reading, seed: int) -> np.ndarray:
    """The text as another process finds it."""
    worlds.text_of.cache_clear()
    worlds.fingerprint_of.cache_clear()
    return reading.ids(seed)


# -- the text ---------------------------------------------------------------------------------------


def test_the_text_is_the_worlds_documents_each_between_start_and_end():
    ids = READING.ids(3)
    starts = np.flatnonzero(ids == START_ID)
    rows = np.split(ids, starts[1:])
    documents = islice(World(3).documents(0), len(rows))
    assert [row.tolist() for row in rows] == [[START_ID, *tokenizer().encode(d.text), EOS_ID] for d in documents]
    assert starts[-1] < 600 <= len(ids)  # it ends with the document that reaches so many


def test_worlds_have_their_own_texts():
    assert READING.ids(3).tolist() != READING.ids(4).tolist()


def test_genres_are_left_out():
    without = Reading(600, without=tuple(genre for genre in SHARES if genre != "numbers"))
    words = set(tokenizer().decode(without.ids(0).tolist()).replace(",", " ").split())
    assert all(word.isdigit() for word in words - {"[START]", "</s>", "."})
    assert Reading(600, without=("games",)).ids(0).tolist() != Reading(600).ids(0).tolist()


def test_the_batches_are_those_of_the_text():
    documents = Reading(600, batch_tokens=120).documents(3)
    ids, mask = zip(*(documents.batch(step) for step in range(documents.steps_per_pass)), strict=True)
    assert max(each.size for each in ids) <= 120
    read = np.concatenate([each[own == 1] for each, own in zip(ids, mask, strict=True)])
    np.testing.assert_array_equal(np.sort(read), np.sort(READING.ids(3)))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"n_tokens": 0}, "n_tokens must be at least 1, got 0"),
        ({"batch_tokens": 0}, "batch_tokens must be at least 1, got 0"),
        ({"without": ("gmes",)}, "without must name genres, got 'gmes'; there are: encyclopedia, taxonomy, "),
        ({"without": tuple(SHARES)}, "without must leave a genre, got all of them"),
    ],
)
def test_a_reading_of_nothing_is_refused(settings, problem):
    with pytest.raises(ValueError, match=problem):
        Reading(**{"n_tokens": 320} | settings)


def test_held_out_documents_are_others_of_the_same_genres(texts):
    def rows(documents) -> set[str]:
        batches = [documents.batch(step) for step in range(documents.steps_per_pass)]
        return {str(row[own == 1]) for ids, mask in batches for row, own in zip(ids, mask, strict=True)}

    reading = Reading(6_000, without=tuple(genre for genre in SHARES if genre != "stories"))
    held_out, read = rows(reading.held_out(3, 2_000)), rows(reading.documents(3))
    assert len(held_out) > 50
    assert not held_out & read
    assert held_out == rows(Reading(600, without=reading.without).held_out(3, 2_000))
    assert held_out != rows(reading.held_out(4, 2_000))
    written = [document.text for document in islice(World(3).documents(1, {"stories": 1.0}), 30)]
    known = {str(np.array([START_ID, *tokenizer().encode(text), EOS_ID])) for text in written}
    assert known <= held_out
    assert len(list(texts.iterdir())) == 1  # a probe's text is not kept


# -- its file ---------------------------------------------------------------------------------------


def written(monkeypatch) -> list[int]:
    """The seeds of the texts that are written from now on."""
    seeds, write = [], worlds.write_text

    def noted(world: World, reading: Reading) -> np.ndarray:
        seeds.append(world.seed)
        return write(world, reading)

    monkeypatch.setattr(worlds, "write_text", noted)
    return seeds


def test_a_text_is_written_once_and_found_again_in_the_work_folder(texts, monkeypatch):
    seeds = written(monkeypatch)
    ids = READING.ids(3).tolist()
    assert READING.ids(3) is Reading(600, batch_tokens=7).ids(3)  # one array in a process
    assert again(READING, 3).tolist() == ids
    assert (seeds, len(list(texts.iterdir()))) == ([3], 1)
    again(Reading(601), 3)
    again(Reading(600, without=("games",)), 3)
    again(READING, 4)
    assert (seeds, len(list(texts.iterdir()))) == ([3, 3, 3, 4], 4)


def shorten(n_bytes: int) -> Callable[[Path], None]:
    """Leave so many bytes of a file."""

    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:n_bytes])

    return damage


def replace_by(ids: np.ndarray) -> Callable[[Path], None]:
    """Another array in the file's place."""
    return lambda path: np.save(path, ids)


@pytest.mark.parametrize(
    "damage",
    [
        shorten(0),
        shorten(5),
        shorten(100),
        shorten(900),
        lambda path: path.write_bytes(b"x" * 2000),
        replace_by(np.full(600, START_ID, np.int64)),
        replace_by(np.array([START_ID, EOS_ID], np.uint16)),
        replace_by(np.zeros(700, np.uint16)),
        replace_by(np.full((600, 2), START_ID, np.uint16)),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["empty", "magic", "header", "half", "no array", "int64", "too short", "zeros", "matrix", "folder"],
)
def test_a_damaged_file_is_said_and_written_again(texts, capsys, damage):
    ids = READING.ids(3).tolist()
    (path,) = texts.iterdir()
    damage(path)
    capsys.readouterr()
    assert again(READING, 3).tolist() == ids
    said = capsys.readouterr().err
    assert f"Warning: {path} is damaged: " in said
    assert "; the text is written again.\n" in said
    assert np.load(path).tolist() == ids


def test_a_text_that_cannot_be_kept_leaves_no_half_of_it(texts, monkeypatch):
    def full(file, ids, **options):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="No space left on device"):
        READING.ids(3)
    assert list(texts.iterdir()) == []


def test_two_processes_write_the_same_text_at_once(texts):
    code = "import sys; from experiments.lab.worlds import Reading; print(Reading(600).ids(3).tolist())"
    programs = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [program.communicate(timeout=120) for program in programs]
    assert [program.returncode for program in programs] == [0, 0], said
    assert said[0][0].strip() == said[1][0].strip() == str(READING.ids(3).tolist())
    assert len(list(texts.iterdir())) == 1


# -- the fingerprint --------------------------------------------------------------------------------


def test_the_fingerprint_is_that_of_the_text_not_of_the_batches():
    assert READING.fingerprint(3) == Reading(600, batch_tokens=7).fingerprint(3)
    assert READING.fingerprint(3) != READING.fingerprint(4)
    assert READING.fingerprint(3) != Reading(600, without=("games",)).fingerprint(3)


def test_a_genre_that_changes_makes_another_text(texts, monkeypatch):
    before, ids = READING.fingerprint(3), READING.ids(3).tolist()
    unchanged = Reading(600, without=("numbers",)).fingerprint(3)
    write = toy_world.GENRES["numbers"].write
    monkeypatch.setattr(toy_world.GENRES["numbers"], "write", lambda facts, dice: [*write(facts, dice), "1, 2."])
    worlds.fingerprint_of.cache_clear()  # another process
    assert READING.fingerprint(3) != before
    assert again(READING, 3).tolist() != ids
    assert len(list(texts.iterdir())) == 2  # the old one is kept: another checkout may read it
    assert Reading(600, without=("numbers",)).fingerprint(3) == unchanged


# -- models while they are evaluated ----------------------------------------------------------------


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_evaluated_without_gradients_and_dropout_and_then_is_as_before(training):
    model = GPT(GPTConfig(7, 8, d_model=8, n_layers=1, n_heads=2)).train(training)
    with evaluating(model):
        assert (is_grad_enabled(), model.training, model.dropout.training) == (False, False, False)
    assert (is_grad_enabled(), model.training, model.dropout.training) == (True, training, training)
    assert look(model, {"is training": lambda model: model.training}) == {"is training": 0.0}
