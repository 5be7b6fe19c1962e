"""Replaying merges on a word: the rule, step by step, and the two faster ways to its result."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer import merges as module
from tokenizer.learn.incremental import learn_merges
from tokenizer.merges import Merge, apply_merges, merge_steps, rank_merges

letters = st.lists(st.sampled_from("abc"), min_size=1, max_size=30)
# Any merges at all, also in orders that no training gives.
some_merges = st.lists(st.tuples(*2 * [st.text("abc", min_size=1, max_size=3)]), unique=True, max_size=30)


def test_the_first_learnt_pair_merges_first_and_from_the_left():
    ranks = rank_merges([("b", "c"), ("a", "b"), ("a", "a")])
    assert list(merge_steps(list("abc"), ranks)) == [["a", "b", "c"], ["a", "bc"]]
    assert list(merge_steps(list("aaa"), ranks)) == [["a", "a", "a"], ["aa", "a"]]


@given(letters, some_merges)
def test_apply_merges_gives_the_last_step(symbols, merges):
    ranks = rank_merges(merges)
    before = symbols.copy()
    assert apply_merges(symbols, ranks) == list(merge_steps(symbols, ranks))[-1]
    assert symbols == before


@given(letters, some_merges)
def test_long_words_merge_by_the_same_rule(symbols, merges):
    ranks = rank_merges(merges)
    assert module._apply_to_long(symbols, ranks) == list(merge_steps(symbols, ranks))[-1]


@pytest.mark.parametrize("length", [module.LONG - 1, module.LONG, 3 * module.LONG])
def test_both_sides_of_the_length_limit_agree_with_the_rule(length):
    rng = random.Random(length)
    word = [rng.choice("acgt") for _ in range(length)]
    ranks = rank_merges([(merge.left, merge.right) for merge in learn_merges([(word[: length // 2], 1)])])
    assert apply_merges(word, ranks) == list(merge_steps(word, ranks))[-1]
    assert len(apply_merges(word, ranks)) < length


def test_a_word_of_many_thousand_symbols_is_feasible():
    ranks = rank_merges([(b"a", b"a"), (b"aa", b"aa")])
    assert apply_merges([b"a"] * 100_001, ranks) == [b"aaaa"] * 25_000 + [b"a"]


def test_a_pair_given_twice_is_refused():
    with pytest.raises(ValueError, match="merges: expected each pair once"):
        rank_merges([("a", "b"), ("b", "c"), ("a", "b")])


def test_a_merge_shows_itself_with_its_count():
    assert str(Merge("th", "e</w>", 12345)) == "th + e</w> -> the</w>  (12,345 times)"
    assert str(Merge(b" ", b"\xc3", 2)) == r"␣ + \xc3 -> ␣\xc3  (2 times)"
    assert str(Merge("\n", "\t", 1)) == r"\n + \t -> \n\t  (1 times)"
