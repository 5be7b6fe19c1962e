"""Metrics against scikit-learn and SciPy, where they are installed: neither is among the project's extras."""

import numpy as np
import pytest

from experiments.lab import metrics

theirs = pytest.importorskip("sklearn.metrics")
stats = pytest.importorskip("scipy.stats")

CASES = [(seed, n_classes, n) for seed, (n_classes, n) in enumerate([(2, 5), (2, 400), (3, 50), (7, 1000)])]


def labels(seed: int, n_classes: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of which about a half are right, and gold labels of which small ones are more frequent."""
    rng = np.random.default_rng(seed)
    gold = np.minimum(rng.integers(n_classes, size=n), rng.integers(n_classes, size=n))
    return np.where(rng.random(n) < 0.5, gold, rng.integers(n_classes, size=n)), gold


@pytest.mark.parametrize(("seed", "n_classes", "n"), CASES)
def test_labels_are_scored_as_by_scikit_learn(seed, n_classes, n):
    predicted, gold = labels(seed, n_classes, n)
    assert metrics.accuracy(predicted, gold) == pytest.approx(theirs.accuracy_score(gold, predicted))
    assert metrics.matthews(predicted, gold) == pytest.approx(theirs.matthews_corrcoef(gold, predicted))
    expected = theirs.f1_score(gold, predicted, labels=[1], average="macro", zero_division=0)
    assert metrics.f1(predicted, gold) == pytest.approx(expected)


@pytest.mark.parametrize("n_values", [3, 20, 10**6])
def test_correlations_are_those_of_scipy(n_values):
    rng = np.random.default_rng(n_values)
    gold = rng.integers(n_values, size=300) / 7  # of few values many are equal
    predicted = gold + n_values / 3 * rng.standard_normal(300).round(1)
    assert metrics.pearson(predicted, gold) == pytest.approx(stats.pearsonr(predicted, gold).statistic)
    assert metrics.spearman(predicted, gold) == pytest.approx(stats.spearmanr(predicted, gold).statistic)
    np.testing.assert_array_equal(metrics.ranks(gold), stats.rankdata(gold))
