"""The fast trainer of WordPiece learns exactly what the simple one learns, whatever the order of the words."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer.learn import incremental_likelihood, likelihood
from tokenizer.learn.likelihood import spell_out

counts = st.integers(min_value=1, max_value=6)
few_letters = st.text("abc", min_size=1, max_size=14)
runs = st.text("ab", min_size=1, max_size=25)
any_letters = st.text(min_size=1, max_size=6)


def corpora(words):
    return st.lists(st.tuples(words.map(spell_out), counts), max_size=12)


@given(corpora(few_letters) | corpora(runs) | corpora(any_letters), st.integers(1, 4))
def test_learns_the_same_merges_with_the_same_counts_as_recounting(words, min_count):
    expected = list(likelihood.learn_merges(words, min_count))
    assert list(incremental_likelihood.learn_merges(words, min_count)) == expected


@given(corpora(few_letters), st.randoms(use_true_random=False))
def test_the_order_of_the_words_does_not_matter(words, rng):
    shuffled = rng.sample(words, len(words))
    expected = list(incremental_likelihood.learn_merges(words))
    assert list(incremental_likelihood.learn_merges(shuffled)) == expected


@given(corpora(few_letters) | corpora(runs))
def test_a_piece_is_made_by_one_pair_only(words):
    pieces = [merge.symbol for merge in incremental_likelihood.learn_merges(words)]
    assert len(set(pieces)) == len(pieces)


@pytest.mark.parametrize("min_count", [1, 3, 15])
def test_agrees_with_recounting_on_a_larger_corpus(min_count):
    rng = random.Random(0)
    letters, weights = "abcdefgh", [40, 20, 10, 8, 4, 2, 1, 1]
    words = [
        (spell_out("".join(rng.choices(letters, weights, k=rng.randint(1, 9)))), rng.randint(1, 9)) for _ in range(150)
    ]
    merges = list(incremental_likelihood.learn_merges(words, min_count))
    assert merges == list(likelihood.learn_merges(words, min_count))
    assert len(merges) > 20


def test_scores_that_are_equal_as_floats_are_told_apart():
    big = 2**57
    words = [(["a", "##b"], big), (["a"], 1), (["c", "##d"], big - 1), (["c"], 1)]  # 1 / (big + 1) and 1 / big
    first, second = incremental_likelihood.learn_merges(words)
    assert (first.symbol, second.symbol) == ("cd", "ab")
    assert first.score > second.score
    assert float(first.score) == float(second.score)
