"""Metrics against values worked out by hand."""

import math

import numpy as np
import pytest

from experiments.lab.metrics import (
    accuracy,
    exact_match,
    f1,
    matthews,
    normalise_answer,
    pearson,
    ranks,
    spearman,
    squad_exact_match,
    squad_f1,
    word_f1,
)

GOLD = [1, 1, 1, 0, 0, 0, 0, 0]
PREDICTED = [1, 1, 0, 1, 0, 0, 0, 0]  # TP 2, FN 1, FP 1, TN 4


def test_accuracy_is_the_share_of_labels_that_are_right():
    assert accuracy(PREDICTED, GOLD) == 6 / 8
    assert accuracy([2, 0], [2, 0]) == 1


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    assert f1(PREDICTED, GOLD) == pytest.approx(2 / 3)  # precision and recall are 2/3
    assert f1(PREDICTED, GOLD, positive=0) == pytest.approx(4 / 5)
    assert f1([1, 1, 1, 1], [1, 0, 0, 0]) == pytest.approx(2 * 0.25 / 1.25)  # precision 1/4, recall 1
    assert f1([0, 0], [0, 0]) == 0


def test_matthews_of_two_classes():
    assert matthews(PREDICTED, GOLD) == pytest.approx((2 * 4 - 1 * 1) / math.sqrt(3 * 3 * 5 * 5))
    assert matthews(GOLD, GOLD) == 1
    assert matthews([1 - label for label in GOLD], GOLD) == -1
    assert matthews([0] * 8, GOLD) == 0  # the larger class every time: accuracy 5/8, but nothing is known


def test_matthews_of_three_classes():
    # 4 of 5 right; classes predicted 2, 2, 1 times, and 2, 1, 2 times in truth: Σ p t = 8, and Σ p² = Σ t² = 9.
    assert matthews([0, 0, 1, 1, 2], [0, 0, 1, 2, 2]) == pytest.approx((4 * 5 - 8) / 16)
    # 3 of 5 right; 2, 2, 1 times in both.
    assert matthews([0, 0, 1, 2, 1], [0, 0, 1, 1, 2]) == pytest.approx((3 * 5 - 9) / 16)


def test_pearson_is_the_linear_correlation():
    assert pearson([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert pearson([1, 2, 3], [6, 4, 2]) == pytest.approx(-1)
    assert pearson([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 5)  # Σ xy = 4 and Σ x² = Σ y² = 5, centred
    assert pearson([0.1, 0.1, 0.1], [1, 2, 3]) == 0


def test_spearman_is_that_of_the_ranks():
    assert spearman([1, 2, 3, 4], [1, 10, 100, 1000]) == pytest.approx(1)
    # No ties: 1 - 6 Σ d² / (n (n² - 1)), with d = 1, 1, 1, 3, 0.
    assert spearman([1, 2, 3, 4, 5], [2, 3, 4, 1, 5]) == pytest.approx(1 - 6 * (1 + 1 + 1 + 9) / (5 * 24))
    assert spearman([5, 5, 5], [1, 2, 3]) == 0


def test_equal_numbers_share_the_mean_of_their_ranks():
    assert ranks(np.array([30, 10, 30, 20])).tolist() == [3.5, 1, 3.5, 2]
    assert ranks(np.array([7.0, 7.0, 7.0])).tolist() == [2, 2, 2]


def test_exact_match_compares_whole_answers():
    assert exact_match([[1, 2], [3]], [[1, 2], [3, 4]]) == 0.5
    assert exact_match(np.array([[0, 3], [2, 5]]), np.array([[0, 3], [2, 4]])) == 0.5
    assert exact_match(["a", "b"], ["a", "b"]) == 1
    assert exact_match([(1, 2)], [[1, 2]]) == 1


# -- SQuAD ------------------------------------------------------------------------------------------


def test_squads_normalisation_ignores_case_articles_punctuation_and_white_space():
    assert normalise_answer("  The  U.S.A., an  ally ") == "usa ally"
    assert normalise_answer("Theatre, another") == "theatre another"  # articles are whole words
    assert normalise_answer("a. the!") == ""


def test_the_best_of_several_gold_answers_counts():
    gold = [["Denver Broncos", "The Broncos"], ["Santa Clara, California"]]
    assert squad_exact_match(["broncos", "Santa Clara"], gold) == 0.5
    assert squad_f1(["broncos", "Santa Clara"], gold) == pytest.approx((1 + 4 / 5) / 2)


def test_words_count_as_often_as_they_occur():
    assert word_f1("red red blue", "red blue blue") == pytest.approx(2 / 3)  # red once, blue once, of three each
    assert word_f1("green", "red") == 0


def test_no_answer_matches_no_answer_alone():
    assert squad_f1(["", "the"], [[""], [""]]) == 1
    assert squad_f1(["", "red"], [["red"], [""]]) == 0
    assert squad_exact_match(["", "red"], [[""], [""]]) == 0.5


def test_an_answer_without_words_does_not_count_beside_one_that_has_some():
    assert squad_exact_match([""], [["the", "red"]]) == 0
    assert squad_f1(["", "red"], [["the", "red"], ["!", "red"]]) == 0.5
    assert squad_f1(["", "red"], [["the", "!"], ["the", "!"]]) == 0.5


# -- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", [accuracy, f1, matthews, pearson, spearman])
@pytest.mark.parametrize(("predicted", "gold"), [([], []), ([1], [1, 0]), ([[1]], [[1]])])
def test_lists_that_do_not_fit_are_refused(metric, predicted, gold):
    with pytest.raises(ValueError, match=r"predicted and gold must have the same shape \(N,\), N at least 1"):
        metric(predicted, gold)


@pytest.mark.parametrize("metric", [exact_match, squad_exact_match, squad_f1])
def test_answers_that_do_not_fit_are_refused(metric):
    for predicted, gold in (([], []), (["a"], [])):
        with pytest.raises(ValueError, match="predicted and gold must have one length, at least 1"):
            metric(predicted, gold)


def test_a_question_without_gold_answers_is_refused():
    with pytest.raises(ValueError, match=r'gold\[1\] must hold at least one answer, got none; no answer is \[""\]'):
        squad_f1(["a", "b"], [["a"], []])


@pytest.mark.parametrize(("predicted", "gold"), [([1, 0], ["1", "0"]), (["entailment"], [0])])
def test_texts_are_not_compared_with_numbers(predicted, gold):
    with pytest.raises(TypeError, match="predicted and gold must both hold texts or both numbers, got"):
        accuracy(predicted, gold)


@pytest.mark.parametrize("metric", [pearson, spearman])
def test_correlations_are_of_numbers(metric):
    with pytest.raises(TypeError, match="predicted must hold numbers, got an array of object"):
        metric([1.0, None], [1, 2])
    with pytest.raises(TypeError, match="predicted must hold numbers, got an array of <U1"):
        metric(["a", "b"], ["a", "b"])


@pytest.mark.parametrize("metric", [pearson, spearman])
def test_a_diverged_model_knows_nothing_and_gold_numbers_are_finite(metric):
    for predicted in ([1.0, 2.0, math.nan], [math.inf, 1.0, 0.0], [math.nan] * 3):
        assert metric(predicted, [1, 2, 3]) == 0
    with pytest.raises(ValueError, match="gold must hold finite numbers, got nan"):
        metric([1.0, 2.0, 3.0], [1.0, math.nan, 3.0])


@pytest.mark.parametrize("metric", [squad_exact_match, squad_f1])
@pytest.mark.parametrize(
    ("predicted", "gold", "words"),
    [
        ("red", [["r"], ["e"], ["d"]], "predicted must be a sequence of texts, got the text 'red' by itself"),
        (["red"], ["red"], r"gold\[0\] must be a sequence of texts, got the text 'red' by itself"),
        (["red", None], [["red"], ["blue"]], r"predicted\[1\] must be a text, got None"),
        (["red"], [["red", 7]], r"gold\[0\]\[1\] must be a text, got 7"),
    ],
)
def test_squads_metrics_are_of_texts(metric, predicted, gold, words):
    with pytest.raises(TypeError, match=words):
        metric(predicted, gold)
