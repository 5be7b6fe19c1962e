"""The experiment on words and subwords, on a text of our own."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from experiments.running.contract import Request
from experiments.running.work import Work
from experiments.tables import subword_table
from experiments.tables.subword_table import systems
from experiments.tables.subword_table.findings import judge
from experiments.tables.subword_table.systems import (
    BYTE_BPE,
    LECTURE_BPE,
    WORDPIECE,
    WORDS,
    Settings,
    first_pieces,
    first_tokens,
    show,
    spelling,
    with_new_character,
    without_prefix,
    word_sets,
)
from experiments.text.document import Document
from tokenizer import ByteLevelBPE, LectureBPE, WordPiece

SETTINGS = Settings(seeds=2, vocab_size=400, vocab_sizes=(300, 400), n_words=8)
COUNTS = Counter({"learn": 9, "train": 8, "statement": 7, "the": 6, "value": 5, "function": 4, "return": 3})


def documents() -> list[Document]:
    words = ["learning", "training", "statement", "value", "function", "return", "module", "object", "string", "number"]
    rng = np.random.default_rng(0)
    texts = [
        " ".join(rng.choice(words, size=60)) + f" rare{letter * 3} and the end." for letter in "abcdefghijklmnopqrst"
    ]
    return [Document(str(n), text) for n, text in enumerate(texts)]


@pytest.fixture
def result(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(systems, "corpus", documents)
    monkeypatch.setattr(subword_table, "corpus_description", lambda: {"documents": 20})
    monkeypatch.setitem(subword_table.PRESETS, "quick", SETTINGS)
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))
    return subword_table.run(SETTINGS, Work(Request("experiments.tables.subword_table")))


def test_the_experiment_runs_and_reports_every_set_for_every_tokenizer(result):
    words, sets = result.tables
    assert [row[0].split()[0] for row in words.rows] == ["hat", "learn", "taaaaasty", "laern", "Transformerify"]
    assert len(words.lecture) == 5
    assert [row[0] for row in sets.rows] == [
        "common words",
        "unseen words",
        "variations",
        "misspellings",
        "novel words",
    ]
    assert [claim.id for claim in result.claims] == [
        "nothing-lost",
        "common-words-whole",
        "never-longer-than-spelling",
        "unk-for-new-characters-only",
    ]
    assert result.claims[-1].verdict == "reproduced"
    assert all(len(row) == len(words.columns) == 5 for row in [*words.rows, *words.lecture])
    assert all(len(row) == len(sets.columns) == 9 for row in sets.rows)
    assert all(len(entry) == SETTINGS.seeds for row in sets.rows for entry in row[2:])


def test_made_words_are_made_as_they_say_and_none_was_seen():
    sets = word_sets(COUNTS, COUNTS, n=6, seed=0)
    assert sets["common words"] == ["learn", "train", "statement", "the", "value", "function"]
    for kind in ("variations", "misspellings", "novel words"):
        assert len(set(sets[kind])) == 6
        assert not set(sets[kind]) & COUNTS.keys()
    for word in sets["misspellings"]:
        assert any(sorted(word) == sorted(stem) and word != stem for stem in COUNTS)
    for word in sets["variations"]:
        assert any(set(word) == set(stem) and len(word) > len(stem) + 1 for stem in COUNTS), word
    for word in sets["novel words"]:
        assert word[0].isupper()
        assert word.endswith(systems.ENDINGS)


def test_a_word_that_only_the_held_out_text_repeats_is_not_common():
    held_out = Counter({"train": 1, "learn": 1, "value": 100})
    assert word_sets(COUNTS, held_out, n=2, seed=0)["common words"] == ["learn", "train"]


def test_unseen_words_are_those_of_the_held_out_text_alone():
    held_out = COUNTS + Counter({"novelty": 2, "x": 5, "naïve": 3})
    assert word_sets(COUNTS, held_out, n=6, seed=0)["unseen words"] == ["novelty"]


def test_a_seed_decides_the_words():
    assert word_sets(COUNTS, COUNTS, 6, seed=1) == word_sets(COUNTS, COUNTS, 6, seed=1)
    assert word_sets(COUNTS, COUNTS, 6, seed=1)["variations"] != word_sets(COUNTS, COUNTS, 6, seed=2)["variations"]


def test_a_tokenizer_cut_back_is_the_one_trained_to_that_size():
    texts = [document.text for document in documents()]
    assert first_pieces(LectureBPE.train(texts, 150), 100).merges == LectureBPE.train(texts, 100).merges
    large, small = ByteLevelBPE.train(texts, 400), ByteLevelBPE.train(texts, 300)
    assert first_tokens(large, 300).merges == small.merges
    assert first_tokens(large, 300).vocab == small.vocab


def test_spelling_counts_characters_or_bytes_with_the_space():
    assert spelling(LECTURE_BPE, "naïve") == 5
    assert spelling(BYTE_BPE, "naïve") == 7


def test_wordpieces_are_shown_without_their_prefix():
    wordpiece = WordPiece(["[UNK]", "hat", "##s", "#"])
    assert without_prefix(wordpiece)("hats") == ["hat", "s"]
    assert show(without_prefix(wordpiece)("hats")) == "hat ##s"
    assert without_prefix(wordpiece)("mats") == ["[UNK]"]


def test_a_new_character_is_a_letter_that_was_not_there():
    assert with_new_character("hats", set("abcdehtsABC")) == "hDts"
    assert with_new_character("h", set("ABh")) == "hC"


def test_pieces_are_shown_as_in_the_lecture():
    assert show(["taa", "aaa", "sty"]) == "taa ##aaa ##sty"
    assert show([" hat"]) == "hat"


def cell(
    lost_words: float, lost_pieces: float, single: float, over: int, spellable: float = 0.0, foreign: float = 1.0
) -> dict:
    kinds = ("common words", "unseen words", "variations", "misspellings", "novel words")
    of_pieces = {kind: {"lost": lost_pieces, "single": single, "most_over_spelling": over} for kind in kinds}
    of_words = {kind: {"lost": lost_words, "single": 1.0, "most_over_spelling": 0} for kind in kinds}
    sets = {WORDS: of_words, LECTURE_BPE: of_pieces, BYTE_BPE: of_pieces, WORDPIECE: of_pieces}
    return {"sets": sets, "wordpiece_unk": {"spellable": spellable, "foreign": foreign}}


@pytest.mark.parametrize(
    ("values", "failing"),
    [
        ((1.0, 0.0, 0.97, 0), []),
        ((0.9, 0.0, 0.97, 0), ["nothing-lost"]),
        ((1.0, 0.1, 0.97, 0), ["nothing-lost"]),
        ((1.0, 0.0, 0.90, 0), ["common-words-whole"]),
        ((1.0, 0.0, 0.97, 1), ["never-longer-than-spelling"]),
        ((1.0, 0.0, 0.97, 0, 0.1), ["unk-for-new-characters-only"]),
        ((1.0, 0.0, 0.97, 0, 0.0, 0.9), ["unk-for-new-characters-only"]),
    ],
)
def test_each_claim_can_fail(values, failing):
    judged = {claim.id: claim.verdict for claim in judge([cell(*values)] * 3)}
    assert len(judged) == 4
    assert [id for id, verdict in judged.items() if verdict == "contradicted"] == failing
    assert all(verdict == "reproduced" for id, verdict in judged.items() if id not in failing)
