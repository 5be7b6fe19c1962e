"""Metrics of predictions against gold labels, as GLUE and SQuAD report them: shares and correlations, 1 is best.

    accuracy              single labels; QNLI, SST-2, RTE, MNLI
    f1                    one class among others; MRPC, QQP
    matthews              two classes or more of different sizes; CoLA
    pearson, spearman     scores; STS-B
    exact_match           whole answers: spans, or texts that were written
    squad_exact_match     the same after SQuAD's normalisation, against several gold answers
    squad_f1              the overlap of words, against several gold answers

Sources: Wang et al. 2018, "GLUE: A Multi-Task Benchmark and Analysis Platform for Natural Language Understanding",
table 1; Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", section 6.1.
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

    0 if one of them is constant: such a prediction knows nothing. Source: Pearson 1895, "Note on regression and
    inheritance in the case of two parents".
    """
    predicted, gold = (values.astype(np.float64) for values in _pairs(predicted, gold))
    if (predicted == predicted[0]).all() or (gold == gold[0]).all():
        return 0.0  # before means are subtracted: rounding would make noise of equal numbers
    x, y = predicted - predicted.mean(), gold - gold.mean()
    return float((x * y).sum() / ((x * x).sum() * (y * y).sum()) ** 0.5)


def spearman(predicted: Any, gold: Any) -> float:
    """Pearson's correlation of the ranks; equal numbers share the mean of their ranks.

    Source: Spearman 1904, "The proof and measurement of association between two things".
    """
    predicted, gold = _pairs(predicted, gold)
    return pearson(ranks(predicted), ranks(gold))


def ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each number, from 1; equal numbers share the mean of their ranks: (N,) → (N,)."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)  # the highest rank of each distinct number
    return (last - (counts - 1) / 2)[place]


def exact_match(predicted: Sequence[Any], gold: Sequence[Any]) -> float:
    """The share of answers that are the gold answer as a whole: sequences of ids, spans or texts."""
    _check_lengths(predicted, gold)
    same = [_plain(one) == _plain(other) for one, other in zip(predicted, gold, strict=True)]
    return sum(same) / len(same)


# -- SQuAD ------------------------------------------------------------------------------------------


def normalise_answer(text: str) -> str:
    """A text without what SQuAD ignores: case, punctuation (ASCII), the articles a, an and the, extra white space."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def squad_exact_match(predicted: Sequence[str], gold: Sequence[Sequence[str]]) -> float:
    """The share of questions whose prediction, normalised, is one of the gold answers.

    `gold` has a list for each question: the answers of several annotators, or [""] if there is no answer.
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
    _check_lengths(predicted, gold)
    if empty := [i for i, answers in enumerate(gold) if len(answers) == 0]:
        raise ValueError(f'gold[{empty[0]}] must hold at least one answer, got none; no answer is [""]')
    best = [max(score(one, answer) for answer in answers) for one, answers in zip(predicted, gold, strict=True)]
    return sum(best) / len(best)


def _check_lengths(predicted: Sequence[Any], gold: Sequence[Any]) -> None:
    if len(predicted) != len(gold) or len(gold) == 0:
        raise ValueError(f"predicted and gold must have one length, at least 1, got {len(predicted)} and {len(gold)}")


def _pairs(predicted: Any, gold: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays (N,), N at least 1. Raises ValueError if they are not."""
    predicted, gold = np.asarray(predicted), np.asarray(gold)
    if predicted.ndim != 1 or predicted.shape != gold.shape or len(gold) == 0:
        raise ValueError(
            f"predicted and gold must have the same shape (N,), N at least 1, got {predicted.shape} and {gold.shape}"
        )
    return predicted, gold


def _plain(value: Any) -> Any:
    """Arrays and tuples as lists, which compare as a whole."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value
