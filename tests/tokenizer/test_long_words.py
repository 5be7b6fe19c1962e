"""A text without white space is one word: it is learnt and encoded in linear memory, with the same merges and ids."""

import random
import tracemalloc
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer import ByteLevelBPE, WordPiece
from tokenizer.formats.bert_files import SPECIAL_TOKENS
from tokenizer.merges import _apply_to_long, from_the_left, merge_steps, rank_merges
from tokenizer.read import basic_tokenization
from tokenizer.read.texts import whole_words


def random_text(letters, n):
    return "".join(random.Random(0).choices(letters, k=n))


def peak_of(call):
    """What is returned, and the most memory that was held meanwhile, in bytes."""
    tracemalloc.start()
    result = call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, peak


@given(st.text("ab", min_size=1, max_size=40), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_merges_in_any_order_are_applied_as_step_by_step(word, picks):
    """Files may have merges in an order in which no text teaches them; then a merge makes way for an earlier one."""
    symbols, merges = ["a", "b"], []
    for i, j in picks:
        pair = symbols[i % len(symbols)], symbols[j % len(symbols)]
        if pair not in merges:
            merges.append(pair)
            symbols.append("".join(pair))
    for order in merges, merges[::-1]:
        ranks = rank_merges(order)
        assert _apply_to_long(list(word), ranks) == list(merge_steps(word, ranks))[-1]


def test_a_merge_makes_way_for_an_earlier_one_that_it_makes_possible():
    ranks = rank_merges([("ab", "a"), ("a", "b")])
    assert _apply_to_long(list("ababab"), ranks) == ["aba", "b", "ab"] == list(merge_steps("ababab", ranks))[-1]


@pytest.mark.parametrize(
    ("letters", "characters", "each"),
    [("ACGT", 20_000, 45), ("a", 20_000, 45), ("漢字文字", 7_000, 110)],  # a Chinese character is three bytes
)
def test_a_word_of_any_length_is_encoded_in_few_bytes_a_character(letters, characters, each):
    """Once it took 144 to 325: a tuple on a heap and two Python integers for each byte."""
    bpe = ByteLevelBPE.train(random_text(letters, 5000), 500)
    text = random_text(letters, characters)
    ids, peak = peak_of(lambda: bpe.encode(text))
    assert peak < each * characters
    assert bpe.decode(ids) == text


def test_chinese_words_of_a_character_each_are_not_held_all_at_once(monkeypatch):
    """A list of them would take 84 bytes a character."""
    monkeypatch.setattr(basic_tokenization, "BLOCK", 1000)
    characters = [chr(0x4E00 + i) for i in range(1000)]
    wordpiece = WordPiece([*SPECIAL_TOKENS, *characters])
    text = random_text(characters, 20_000)
    ids, peak = peak_of(lambda: wordpiece.encode(text))
    assert peak < 40 * len(text)
    assert ids[:3] == [wordpiece.ids[character] for character in text[:3]]


def test_learning_a_long_word_takes_few_bytes_a_character():
    text = random_text("ACGT", 20_000)
    bpe, peak = peak_of(lambda: ByteLevelBPE.train(text, 300))
    assert peak < 60 * len(text)
    assert len(bpe.merges) == 44


def test_a_word_that_comes_in_chunks_is_looked_through_once():
    class Chunk(str):
        def rsplit(self, *arguments, **options):
            looked_through.append(len(self))
            return super().rsplit(*arguments, **options)

    looked_through = []
    assert list(whole_words(Chunk("x" * 100) for _ in range(50))) == ["x" * 5000]
    assert looked_through == [100] * 50


@given(st.lists(st.integers(0, 99)))
def test_places_come_from_the_left(places):
    assert list(from_the_left(array("i", places))) == sorted(places)
