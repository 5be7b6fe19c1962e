"""Metrics of predictions against gold labels, as GLUE and SQuAD report them: shares and correlations, 1 is best.

    accuracy              single labels
    f1                    one class among others
    matthews              two classes or more of different sizes
    pearson, spearman     scores
    exact_match           whole answers: spans, or texts that were written
    squad_exact_match     the same after SQuAD's normalisation, against several gold answers
    squad_f1              the overlap of words, against several gold answers

Each task of GLUE has its own:

    MNLI, QNLI, RTE, SST-2    accuracy; MNLI's is reported for matched and mismatched genres
    MRPC, QQP                 f1, of the class "paraphrase", and accuracy
    CoLA                      matthews
    STS-B                     pearson and spearman

Metrics of summaries and translations are in `text_metrics`.

Sources: Wang et al. 2018, "GLUE: A Multi-Task Benchmark and Analysis Platform for Natural Language Understanding",
table 1; Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", section 6.1; Rajpurkar
et al. 2018, "Know What You Don't Know: Unanswerable Questions for SQuAD", whose script is followed.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np


def accuracy(predicted: Any, gold: Any) -> float:
    """The share of predictions that are the gold label: (N,), (N,) → a number from 0 to 1."""
    predicted, gold = _pairs(predicted, gold)
    return int((predicted == gold).sum()) / len(gold)


def f1(predicted: Any, gold: Any, positive: int = 1) -> float:
    """The harmonic mean of precision and recall of one class: 2 TP / (2 TP + FP + FN).

    0 if the class is neither predicted nor among the gold labels.
    Source: van Rijsbergen 1979, "Information Retrieval", chapter 7.
    """
    predicted, gold = _pairs(predicted, gold)
    true_positives = int(((predicted == positive) & (gold == positive)).sum())
    n_predicted, n_gold = int((predicted == positive).sum()), int((gold == positive).sum())
    return 2 * true_positives / (n_predicted + n_gold) if n_predicted + n_gold else 0.0


def matthews(predicted: Any, gold: Any) -> float:
    """Matthews' correlation, of two classes or more: 0 for a constant prediction, however rare the other classes are.

    With c correct predictions among n, and class k predicted p_k times and correct t_k times:

        (c n - Σ p_k t_k) / √((n² - Σ p_k²) (n² - Σ t_k²))

    For two classes this is (TP TN - FP FN) / √((TP + FP) (TP + FN) (TN + FP) (TN + FN)). 0 if the denominator is 0.
    Sources: Matthews 1975, "Comparison of the predicted and observed secondary structure of T4 phage lysozyme";
    Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient", for more classes.
    """
    predicted, gold = _pairs(predicted, gold)
    classes = np.union1d(predicted, gold)[:, None]
    p, t = ((classes == labels).sum(axis=1).tolist() for labels in (predicted, gold))  # Python's integers are exact
    n, correct = len(gold), int((predicted == gold).sum())
    covariance = correct * n - sum(a * b for a, b in zip(p, t, strict=True))
    spread = (n**2 - sum(a * a for a in p)) * (n**2 - sum(b * b for b in t))
    return covariance / spread**0.5 if spread else 0.0


def pearson(predicted: Any, gold: Any) -> float:
    """The linear correlation of two lists of numbers: Σ (x - x̄) (y - ȳ) / √(Σ (x - x̄)² Σ (y - ȳ)²).

    0 if one of them is constant, or if a prediction is NaN or infinite: such predictions know nothing.
    Raises ValueError if a gold number is not finite. Source: Pearson 1895, "Note on regression and inheritance in the
    case of two parents".
    """
    predicted, gold = _numbers(predicted, gold)
    if not np.isfinite(predicted).all():
        return 0.0  # NaN has no order: a sweep could not compare it with other scores
    if (predicted == predicted[0]).all() or (gold == gold[0]).all():
        return 0.0  # before means are subtracted: rounding would make noise of equal numbers
    x, y = predicted - predicted.mean(), gold - gold.mean()
    correlation = float((x * y).sum() / ((x * x).sum() * (y * y).sum()) ** 0.5)
    return min(max(correlation, -1.0), 1.0)  # rounding can lead past the bounds


def spearman(predicted: Any, gold: Any) -> float:
    """Pearson's correlation of the ranks; equal numbers share the mean of their ranks.

    0 and ValueError as for `pearson`. Source: Spearman 1904, "The proof and measurement of association between two
    things".
    """
    predicted, gold = _numbers(predicted, gold)
    return pearson(ranks(predicted), ranks(gold)) if np.isfinite(predicted).all() else 0.0


def ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each number, from 1; equal numbers share the mean of their ranks: (N,) → (N,)."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)  # the highest rank of each distinct number
    return (last - (counts - 1) / 2)[place]


def exact_match(predicted: Sequence[Any], gold: Sequence[Any]) -> float:
    """The share of answers that are the gold answer as a whole: sequences of ids, spans or texts."""
    check_lengths(predicted, gold)
    same = [_plain(one) == _plain(other) for one, other in zip(predicted, gold, strict=True)]
    return sum(same) / len(same)


# -- SQuAD ------------------------------------------------------------------------------------------


def normalise_answer(text: str) -> str:
    """A text without what SQuAD ignores: case, punctuation (ASCII), the articles a, an and the, extra white space."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def squad_exact_match(predicted: Sequence[str], gold: Sequence[Sequence[str]]) -> float:
    """The share of questions whose prediction, normalised, is one of the gold answers.

    `gold` has a list for each question: the answers of several annotators, or [""] if there is no answer. An answer
    that is empty after normalisation counts only if all are, as in SQuAD 2.0's script.
    """
    return _mean_of_best(lambda one, other: float(normalise_answer(one) == normalise_answer(other)), predicted, gold)


def squad_f1(predicted: Sequence[str], gold: Sequence[Sequence[str]]) -> float:
    """The mean overlap of words with the best of each question's gold answers (see `word_f1`)."""
    return _mean_of_best(word_f1, predicted, gold)


def word_f1(predicted: str, gold: str) -> float:
    """The harmonic mean of precision and recall of the words, each counted as often as it occurs.

    If one of the two has no word after normalisation ("no answer"), 1 if the other has none either, else 0.
    """
    ours, theirs = Counter(normalise_answer(predicted).split()), Counter(normalise_answer(gold).split())
    if not ours or not theirs:
        return float(ours == theirs)
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


def _mean_of_best(score: Any, predicted: Sequence[str], gold: Sequence[Sequence[str]]) -> float:
    """The mean over questions of the best score that any of its gold answers gives."""
    check_texts("predicted", predicted)
    for i, answers in enumerate(gold):
        check_texts(f"gold[{i}]", answers)
        if len(answers) == 0:
            raise ValueError(f'gold[{i}] must hold at least one answer, got none; no answer is [""]')
    check_lengths(predicted, gold)
    best = []
    for text, answers in zip(predicted, gold, strict=True):
        with_words = [answer for answer in answers if normalise_answer(answer)]
        best.append(max(score(text, answer) for answer in with_words or [""]))
    return sum(best) / len(best)


# -- checks -----------------------------------------------------------------------------------------


def check_texts(name: str, texts: Sequence[str]) -> None:
    """Raises TypeError unless these are texts; a text by itself, whose letters would count as texts, is refused too."""
    if isinstance(texts, str):
        raise TypeError(f"{name} must be a sequence of texts, got the text {texts!r} by itself")
    if wrong := [i for i, text in enumerate(texts) if not isinstance(text, str)]:
        raise TypeError(f"{name}[{wrong[0]}] must be a text, got {texts[wrong[0]]!r}")


def check_lengths(predicted: Sequence[Any], gold: Sequence[Any]) -> None:
    """Raises ValueError unless there is one gold label or text for each prediction, and one at least."""
    if len(predicted) != len(gold) or len(gold) == 0:
        raise ValueError(f"predicted and gold must have one length, at least 1, got {len(predicted)} and {len(gold)}")


def _pairs(predicted: Any, gold: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays (N,), N at least 1.

    Raises:
        ValueError: if the shapes are others.
        TypeError: if one holds texts and the other numbers, which are never equal.
    """
    predicted, gold = np.asarray(predicted), np.asarray(gold)
    if predicted.ndim != 1 or predicted.shape != gold.shape or len(gold) == 0:
        raise ValueError(
            f"predicted and gold must have the same shape (N,), N at least 1, got {predicted.shape} and {gold.shape}"
        )
    kinds = {predicted.dtype.kind, gold.dtype.kind}
    if "U" in kinds and kinds & set("biuf"):
        raise TypeError(f"predicted and gold must both hold texts or both numbers, got {predicted.dtype}, {gold.dtype}")
    return predicted, gold


def _numbers(predicted: Any, gold: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 arrays (N,). Raises TypeError if they are not numbers, ValueError if gold ones are not finite."""
    predicted, gold = _pairs(predicted, gold)
    for name, values in (("predicted", predicted), ("gold", gold)):
        if values.dtype.kind not in "biuf":
            raise TypeError(f"{name} must hold numbers, got an array of {values.dtype}")
    if not np.isfinite(gold).all():
        raise ValueError(f"gold must hold finite numbers, got {gold[~np.isfinite(gold)][0]}")
    return predicted.astype(np.float64), gold.astype(np.float64)


def _plain(value: Any) -> Any:
    """Arrays and tuples as lists, which compare as a whole."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value
