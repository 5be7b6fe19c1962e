"""The lecture's BPE: it shows what it learns, splits new words, and spells what it does not know."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer import LectureBPE, Merge
from tokenizer.learn import recounting
from tokenizer.lecture_bpe import END
from tokenizer.words import UNK, split_words

TEXT = "low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3


@pytest.fixture
def bpe():
    return LectureBPE.train(TEXT, 22)


def test_the_vocabulary_starts_with_characters_and_grows_by_the_merges(bpe):
    assert list(bpe.vocab.values())[:12] == [UNK, END, *"deilnorstw"]
    assert list(bpe.vocab.values())[12:15] == ["t</w>", "st</w>", "est</w>"]
    assert bpe.vocab_size == 22


def test_history_holds_every_merge_with_its_count(bpe):
    assert bpe.history[0] == Merge("t", END, 9)
    assert bpe.history[4] == Merge("l", "ow", 7)
    assert bpe.merges == [(merge.left, merge.right) for merge in bpe.history]


def test_merges_are_shown_as_they_are_learnt():
    seen = []
    bpe = LectureBPE.train(TEXT, 22, on_merge=seen.append)
    assert seen == bpe.history


def test_a_new_word_is_shown_in_known_pieces(bpe):
    assert bpe.show("lowest") == "low ##est"
    assert bpe.segment("lowest") == ["low", "est"]
    assert bpe.pieces("lowest") == ["low", "est</w>"]
    assert bpe.segment("lowest newest") == ["low", "est", "newest"]
    assert bpe.show("lowest newest") == "low ##est newest"


def test_a_frequent_word_is_one_piece(bpe):
    assert bpe.show("newest") == "newest"
    assert len(bpe.encode("newest")) == 1


def test_steps_go_from_characters_to_pieces_one_merge_at_a_time(bpe):
    steps = list(bpe.steps("lowest"))
    assert steps[0] == [*"lowest", END]
    assert steps[-1] == bpe.pieces("lowest")
    assert [len(step) for step in steps] == [7, 6, 5, 4, 3, 2]


def test_the_end_of_a_word_is_part_of_its_pieces(bpe):
    assert bpe.pieces("est") != bpe.pieces("estl")[:1]


def test_recounting_learns_the_same(bpe):
    assert LectureBPE.train(TEXT, 22, learn=recounting.learn_merges).history == bpe.history


@given(st.text("lowernsidtx", min_size=1, max_size=12))
def test_no_word_has_more_pieces_than_characters_and_the_pieces_spell_it(word):
    bpe = LectureBPE.train(TEXT, 22)
    assert len(bpe.segment(word)) <= len(word)
    assert "".join(bpe.segment(word)) == word


def test_an_unseen_character_costs_unk_and_spares_the_rest(bpe):
    assert bpe.decode(bpe.encode("lowest löwest")) == "lowest l<unk>west"


@given(st.text(min_size=1).filter(split_words), st.integers(0, 30))
def test_a_text_of_known_characters_comes_back_but_for_its_spacing(text, more):
    smallest = 2 + len(set("".join(split_words(text))))
    bpe = LectureBPE.train(text, smallest + more)
    assert bpe.decode(bpe.encode(text)) == " ".join(split_words(text))


def test_text_that_looks_like_the_end_of_word_symbol_is_harmless():
    text = "</w> a</w> <unk>"
    bpe = LectureBPE.train(text, 40)
    assert bpe.decode(bpe.encode(text)) == " ".join(split_words(text))


def test_the_order_of_documents_does_not_matter(bpe):
    documents = TEXT.split()
    random.Random(1).shuffle(documents)
    assert LectureBPE.train(documents, 22).history == bpe.history


def test_training_ends_when_every_word_is_one_piece():
    bpe = LectureBPE.train("ab ab", 1000)
    assert list(bpe.vocab.values()) == [UNK, END, "a", "b", "b</w>", "ab</w>"]


def test_encode_iterable_tears_no_word(bpe):
    assert list(bpe.encode_iterable(["low", "est ne", "west"])) == bpe.encode("lowest newest")


def test_a_file_teaches_the_same_as_its_text(bpe, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    assert LectureBPE.train(path, 22).history == bpe.history


def test_save_and_load(bpe, tmp_path):
    bpe.save(tmp_path)
    loaded = LectureBPE.load(tmp_path)
    assert (loaded.vocab, loaded.history) == (bpe.vocab, bpe.history)


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / LectureBPE.FILE
    for damage in (
        '{"characters": ["a"',
        '{"characters": ["a"]}',
        '{"characters": "ab", "history": [["a", "x", 1]]}',
    ):
        path.write_text(damage, encoding="utf-8")
        with pytest.raises(ValueError, match=r"lecture_bpe\.json.*: expected"):
            LectureBPE.load(tmp_path)


def test_bad_input_is_refused(bpe):
    with pytest.raises(ValueError, match="texts: expected at least one word, got empty text"):
        LectureBPE.train("", 100)
    with pytest.raises(ValueError, match=r"vocab_size: expected at least 12 \(10 characters, .*\), got 11"):
        LectureBPE.train(TEXT, 11)
    with pytest.raises(ValueError, match="ids: expected 0 to 21, got 22"):
        bpe.decode([22])
    with pytest.raises(TypeError, match="text: expected str, got int"):
        bpe.encode(3)
