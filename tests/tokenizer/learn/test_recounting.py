"""The lecture's training loop, checked against merges computed by hand."""

from collections import Counter

from tokenizer.learn.recounting import learn_merges, replace_pair
from tokenizer.merges import Merge

# The corpus of Sennrich et al. 2016: low x 5, lower x 2, newest x 6, widest x 3.
WORDS = [([*word, "_"], n) for word, n in {"low": 5, "lower": 2, "newest": 6, "widest": 3}.items()]


def test_first_merges_of_the_textbook_corpus():
    learning = learn_merges(WORDS)
    # t_, st and es stand 9 times each: the greatest pair goes first.
    assert [next(learning) for _ in range(5)] == [
        Merge("t", "_", 9),
        Merge("s", "t_", 9),
        Merge("e", "st_", 9),
        Merge("o", "w", 7),
        Merge("l", "ow", 7),
    ]


def test_ends_when_every_word_is_one_symbol():
    symbols = {merge.symbol for merge in learn_merges(WORDS)}
    assert {"low_", "lower_", "newest_", "widest_"} <= symbols


def test_a_word_of_one_symbol_has_nothing_to_merge():
    assert list(learn_merges([(["a"], 7)])) == []


def test_overlapping_pairs_all_count_but_merge_from_the_left():
    learning = learn_merges([(["a", "a", "a"], 5)])
    assert list(learning) == [Merge("a", "a", 10), Merge("aa", "a", 5)]
    assert replace_pair(["a", "a", "a"], Merge("a", "a", 10)) == ["aa", "a"]


def test_words_count_as_often_as_they_occur():
    counts = Counter({("a", "b"): 2, ("c", "d"): 3})
    assert next(learn_merges(counts.items())) == Merge("c", "d", 3)
