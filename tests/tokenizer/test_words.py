"""The word-level vocabulary: known words have ids, all others become UNK."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer import LectureBPE, WordVocabulary
from tokenizer.words import UNK, split_words

TEXT = "the cat and the dog and the hat ."


def test_words_are_numbered_by_frequency_then_alphabet():
    assert list(WordVocabulary.train(TEXT).vocab.values()) == [UNK, "the", "and", ".", "cat", "dog", "hat"]


def test_every_unknown_word_becomes_the_one_unk():
    words = WordVocabulary.train(TEXT)
    assert words.encode("the taaaaasty laern hat") == [1, 0, 0, 6]
    assert words.decode(words.encode("the taaaaasty laern hat")) == "the <unk> <unk> hat"
    assert words.segment("hat") == ["hat"]
    assert words.segment("hats") == [UNK]
    assert words.segment("the hats and the hat") == ["the", UNK, "and", "the", "hat"]


def test_cut_offs_by_count_and_by_size():
    assert list(WordVocabulary.train(TEXT, min_count=2).vocab.values()) == [UNK, "the", "and"]
    assert list(WordVocabulary.train(TEXT, vocab_size=2).vocab.values()) == [UNK, "the"]
    assert WordVocabulary.train(TEXT, vocab_size=4).vocab_size == 4


def test_punctuation_marks_are_words_and_apostrophes_may_stand_inside():
    assert split_words("I'm in, don’t 'go' x_1 naïve 你好! <unk>") == [
        *["I'm", "in", ",", "don’t", "'", "go", "'", "x_1", "naïve", "你好", "!", "<", "unk", ">"]
    ]


@given(st.text())
def test_splitting_drops_white_space_only(text):
    kept = "".join(split_words(text))
    assert kept == "".join(character for character in text if split_words(character))


@given(st.text(min_size=1).filter(split_words))
def test_a_text_whose_words_are_known_comes_back_but_for_its_spacing(text):
    words = WordVocabulary.train(text)
    assert words.decode(words.encode(text)) == " ".join(split_words(text))


def test_the_order_of_documents_does_not_matter():
    documents = ["b a", "a c", "c b d"]
    expected = WordVocabulary.train(documents, vocab_size=4).vocab
    for seed in range(5):
        random.Random(seed).shuffle(documents)
        assert WordVocabulary.train(documents, vocab_size=4).vocab == expected


def test_encode_iterable_tears_no_word():
    words = WordVocabulary.train(TEXT)
    assert list(words.encode_iterable(["the c", "at an", "d"])) == words.encode("the cat and")


def test_save_and_load(tmp_path):
    words = WordVocabulary.train("naïve 漢字 don't . .")
    words.save(tmp_path / "new folder")
    assert WordVocabulary.load(tmp_path / "new folder").vocab == words.vocab


def test_a_damaged_file_is_named(tmp_path):
    for damage in b"two words\n", b"twice\ntwice\n", b"\xff\n":
        (tmp_path / "words.txt").write_bytes(damage)
        with pytest.raises(ValueError, match=r"words\.txt: .*expected") as raised:
            WordVocabulary.load(tmp_path)
        assert str(raised.value).count("words.txt") == 1


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="texts: expected at least one word, got empty text"):
        WordVocabulary.train(" \n")
    with pytest.raises(ValueError, match=r"vocab_size: expected at least 1 .* got 0"):
        WordVocabulary.train(TEXT, vocab_size=0)
    with pytest.raises(ValueError, match="words: expected single words, got 'two words'"):
        WordVocabulary(["two words"])
    with pytest.raises(ValueError, match="words: expected every word once"):
        WordVocabulary(["a", "a"])
    with pytest.raises(ValueError, match="ids: expected 0 to 6, got 7"):
        WordVocabulary.train(TEXT).decode([7])
    with pytest.raises(TypeError, match="text: expected str, got list"):
        WordVocabulary.train(TEXT).encode(["the"])


@pytest.mark.parametrize("kind", [WordVocabulary, LectureBPE])
def test_a_lone_surrogate_is_refused(kind):
    tokenizer = kind.train(TEXT, 50)
    for attempt in (
        tokenizer.encode,
        tokenizer.segment,
        lambda text: list(tokenizer.encode_iterable([text])),
        lambda text: kind.train(text, 50),
    ):
        with pytest.raises(ValueError, match=r"lone surrogate U\+DC80 in .*; .* repairs such text"):
            attempt("the \udc80")
