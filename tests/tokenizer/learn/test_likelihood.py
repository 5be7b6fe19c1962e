"""WordPiece's merges as the score defines them, computed by hand."""

from fractions import Fraction
from itertools import islice

from tokenizer.learn.likelihood import LikelyMerge, join, learn_merges, spell_out

# The corpus of Hugging Face's course, whose first merges are known.
COURSE = {"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5}


def learn(counts, **settings):
    return learn_merges(((spell_out(word), count) for word, count in counts.items()), **settings)


def test_a_word_is_spelt_with_prefixes_and_joined_without():
    assert spell_out("hat") == ["h", "##a", "##t"]
    assert spell_out("a") == ["a"]
    assert join("h", "##a") == "ha"
    assert join("##a", "##t") == "##at"
    assert join("#", "###") == "##"  # the word ## and nothing else can be this piece


def test_first_merges_of_the_courses_corpus():
    first, second, third, fourth = islice(learn(COURSE), 4)
    # ##g + ##s occurs only 5 times, but ##s occurs nowhere else.
    assert first == LikelyMerge("##g", "##s", count=5, left_count=20, right_count=5)
    assert first.score == Fraction(1, 20)
    # Now every pair with ##u is equally likely: p, h and b have no other neighbour. p is the most frequent.
    assert second == LikelyMerge("p", "##u", count=17, left_count=17, right_count=36)
    assert second.score == Fraction(1, 36)
    assert (third.symbol, third.score) == ("hu", Fraction(1, 19))
    assert (fourth.symbol, fourth.score) == ("bu", Fraction(1, 4))


def test_the_likelier_pair_goes_before_the_more_frequent_one():
    counts = {"qu": 2, "er": 5, "ea": 5, "ar": 5, "aer": 5}
    assert next(learn(counts)).symbol == "qu"
    assert max(learn(counts), key=lambda merge: merge.count).symbol != "qu"


def test_of_equal_scores_the_more_frequent_pair_goes_first_then_the_greatest():
    assert [merge.symbol for merge in learn({"pq": 3, "ab": 3, "cd": 3})] == ["pq", "cd", "ab"]
    tie = {"ab": 4, "a": 4, "yz": 2, "y": 6}  # 4 / (8·4) and 2 / (8·2): equal
    assert [(merge.symbol, merge.score) for merge in learn(tie)] == [("ab", Fraction(1, 8)), ("yz", Fraction(1, 8))]


def test_rare_pairs_wait_until_no_other_is_left():
    counts = {"ab": 9, "ac": 8, "qu": 2, "xy": 1}  # the rarer, the higher the score
    for min_count, piece in {1: "xy", 2: "qu", 3: "ab", 9: "ab", 20: "ab"}.items():
        assert next(learn(counts, min_count=min_count)).symbol == piece
    for min_count in 4, 9, 20:
        assert [merge.symbol for merge in learn(counts, min_count=min_count)] == ["ab", "ac", "qu", "xy"]


def test_overlapping_pairs_merge_from_the_left():
    runs = list(learn_merges([(["##a"] * 3, 5)]))
    assert runs[0] == LikelyMerge("##a", "##a", count=10, left_count=15, right_count=15)
    assert runs[1] == LikelyMerge("##aa", "##a", count=5, left_count=5, right_count=5)


def test_words_of_one_character_count_but_have_nothing_to_merge():
    assert list(learn({"a": 7})) == []
    assert next(learn({"a": 7, "ab": 1})).left_count == 8
