"""ROUGE and BLEU against values worked out by hand, and against what must hold for all texts."""

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.lab.text_metrics import (
    bleu,
    bleu_words,
    longest_common_subsequence,
    ngrams,
    rouge_1,
    rouge_2,
    rouge_l,
    rouge_n,
    rouge_words,
    smoothed_precisions,
)

METRICS = [rouge_1, rouge_2, rouge_l, bleu]


def test_ngrams_are_counted_as_often_as_they_occur():
    assert ngrams(list("abab"), 2) == {("a", "b"): 2, ("b", "a"): 1}
    assert ngrams(["a"], 2) == {}


# -- ROUGE ------------------------------------------------------------------------------------------


def test_rouge_of_lins_example():
    # Lin 2004, section 3.1: to ROUGE-2 both are equally good, ROUGE-L sees that one keeps the order.
    gold, close, reversed_ = "police killed the gunman", "police kill the gunman", "the gunman kill police"
    assert rouge_1([close], [gold]) == rouge_1([reversed_], [gold]) == 3 / 4
    assert rouge_2([close], [gold]) == rouge_2([reversed_], [gold]) == 1 / 3  # "the gunman", of three pairs each
    assert rouge_l([close], [gold]) == 3 / 4
    assert rouge_l([reversed_], [gold]) == 2 / 4


def test_rouge_weighs_precision_and_recall():
    # Two of three words are in the gold text, which has five: 2/3 and 2/5.
    assert rouge_1(["a b x"], ["a b c d e"]) == pytest.approx(2 * (2 / 3) * (2 / 5) / (2 / 3 + 2 / 5))
    assert rouge_2(["a b x"], ["a b c d e"]) == pytest.approx(2 * (1 / 2) * (1 / 4) / (1 / 2 + 1 / 4))
    assert rouge_n(["a b c x"], ["a b c d"], 3) == 1 / 2


def test_a_word_counts_as_often_as_both_texts_have_it():
    assert rouge_1(["the the the"], ["the cat the"]) == 2 / 3


def test_rouge_is_the_mean_over_texts():
    assert rouge_1(["a b", "x"], ["a b", "y"]) == 1 / 2
    assert rouge_l(["a b", "x"], ["a b", "y"]) == 1 / 2


def test_rouges_words_are_letters_and_digits_in_lower_case():
    assert rouge_words("The U.S.-based firm's 3rd café!") == ["the", "u", "s", "based", "firm", "s", "3rd", "caf"]
    assert rouge_1(["THE end."], ["the End"]) == 1


def test_texts_without_ngrams_score_nothing():
    for metric in (rouge_1, rouge_2, rouge_l):
        assert metric(["", "!"], ["red", "?"]) == 0
    assert rouge_2(["red"], ["red"]) == 0  # a single word has no neighbour


def test_the_longest_common_subsequence():
    assert longest_common_subsequence("abcd", "acbd") == 3
    assert longest_common_subsequence("abc", "cba") == 1
    assert longest_common_subsequence([], ["a"]) == longest_common_subsequence(["a"], []) == 0


# -- BLEU -------------------------------------------------------------------------------------------


def test_bleu_is_the_geometric_mean_of_four_precisions():
    # 5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 quadruples: 1/12 in all.
    assert bleu(["the cat sat on the mat"], ["the cat sat on a mat"]) == pytest.approx((1 / 12) ** (1 / 4))


def test_short_translations_are_penalised_and_long_ones_are_not():
    assert bleu(["a b c d"], ["a b c d e f"]) == pytest.approx(math.exp(1 - 6 / 4))  # each precision is 1
    assert bleu(["a b c d e"], ["a b c d"]) == pytest.approx((4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** (1 / 4))


def test_repeating_a_safe_word_does_not_help():
    # Papineni et al. 2002, section 2.1: "the" counts twice, as in the reference: 2 of 7.
    assert bleu(["the the the the the the the"], ["the cat is on the mat"]) == pytest.approx(
        (2 / 7 * (1 / 2) / 6 * (1 / 4) / 5 * (1 / 8) / 4) ** (1 / 4)
    )


def test_a_length_without_a_match_counts_half_a_match_then_a_quarter():
    assert smoothed_precisions([4, 2, 0, 0], [5, 4, 3, 2]) == pytest.approx([4 / 5, 2 / 4, 1 / 6, 1 / 8])
    assert smoothed_precisions([4, 0, 1, 0], [5, 4, 3, 2]) == pytest.approx([4 / 5, 1 / 8, 1 / 3, 1 / 8])
    assert bleu(["a b x c d"], ["a b c d y"]) == pytest.approx((1 / 120) ** (1 / 4))


def test_bleu_sums_over_the_corpus_before_it_divides():
    # 4 of 5 words, and every longer n-gram. The second text alone would score 0.
    assert bleu(["a b c d", "x"], ["a b c d", "y"]) == pytest.approx((4 / 5) ** (1 / 4))
    # The lengths are summed too: 9 words for 9, and no penalty though one text is short.
    assert bleu(["a b c d", "e f g h i"], ["a b c d z", "e f g h"]) == pytest.approx(
        (8 / 9 * 6 / 7 * 4 / 5 * 2 / 3) ** (1 / 4)
    )


def test_bleu_is_zero_without_a_shared_word_or_four_words_in_a_row():
    assert bleu(["a b c d"], ["e f g h"]) == 0
    assert bleu(["a b c"], ["a b c"]) == 0
    assert bleu([""], ["a b c d"]) == bleu(["a b c d"], [""]) == 0


def test_bleus_words_for_real_text():
    assert bleu_words('"Low-cost, 4-gram," it\'s 1,000.5.') == [
        *['"', "Low-cost", ",", "4", "-", "gram", ",", '"', "it's", "1,000.5", "."]
    ]
    assert bleu_words("salt &amp; pep-\nper\n($5)") == ["salt", "&", "pepper", "(", "$", "5", ")"]
    texts, gold = ["This, too, is it."], ["This , too , is it ."]
    assert bleu(texts, gold, words=bleu_words) == 1
    assert bleu(texts, gold) < 1
    assert bleu(["This , Too , is it ."], gold) < 1  # case counts


# -- for all texts ----------------------------------------------------------------------------------

WORDS = st.lists(st.sampled_from("abcd"), max_size=8)
PAIRS = st.lists(st.tuples(WORDS.map(" ".join), WORDS.map(" ".join)), min_size=1, max_size=4)


@pytest.mark.parametrize("metric", METRICS)
@given(pairs=PAIRS)
def test_scores_are_between_0_and_1_whatever_the_order_of_the_texts(metric, pairs):
    predicted, gold = zip(*pairs, strict=True)
    score = metric(predicted, gold)
    assert 0 <= score <= 1
    assert metric(predicted[::-1], gold[::-1]) == pytest.approx(score)


@pytest.mark.parametrize("metric", METRICS)
@given(texts=st.lists(st.lists(st.sampled_from("abcd"), min_size=4, max_size=8).map(" ".join), min_size=1, max_size=4))
def test_a_text_equals_itself(metric, texts):
    assert metric(texts, texts) == 1


@given(pairs=PAIRS)
def test_rouge_treats_both_sides_alike_and_order_only_costs(pairs):
    predicted, gold = zip(*pairs, strict=True)
    for metric in (rouge_1, rouge_2, rouge_l):
        assert metric(predicted, gold) == metric(gold, predicted)
    assert rouge_l(predicted, gold) <= rouge_1(predicted, gold)
    in_order = [" ".join(sorted(text.split())) for text in predicted]
    assert rouge_1(in_order, gold) == rouge_1(predicted, gold)


@given(first=WORDS, second=WORDS)
def test_the_longest_common_subsequence_is_the_longest_of_all(first, second):
    all_of_second = {rest for n in range(len(second) + 1) for rest in combinations(second, n)}
    lengths = [n for n in range(len(first) + 1) for rest in combinations(first, n) if rest in all_of_second]
    assert longest_common_subsequence(first, second) == max(lengths)


@given(gold=st.lists(st.sampled_from("abcd"), min_size=5, max_size=9))
def test_leaving_out_the_end_lowers_bleu_by_the_penalty_alone(gold):
    assert bleu([" ".join(gold[:-1])], [" ".join(gold)]) == pytest.approx(math.exp(1 - len(gold) / (len(gold) - 1)))


# -- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("predicted", "gold", "error", "words"),
    [
        ([], [], ValueError, "predicted and gold must have one length, at least 1, got 0 and 0"),
        (["a"], ["a", "b"], ValueError, "predicted and gold must have one length, at least 1, got 1 and 2"),
        ("a b", ["a b"], TypeError, "predicted must be a sequence of texts, got the text 'a b' by itself"),
        (["a b"], "a b", TypeError, "gold must be a sequence of texts, got the text 'a b' by itself"),
        (["a", [3, 4]], ["a", "b"], TypeError, r"predicted\[1\] must be a text, got \[3, 4\]"),
        (["a"], [["a"]], TypeError, r"gold\[0\] must be a text, got \['a'\]"),
    ],
)
def test_what_is_not_a_text_for_a_text_is_refused(metric, predicted, gold, error, words):
    with pytest.raises(error, match=words):
        metric(predicted, gold)
