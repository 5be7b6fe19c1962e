"""The linear probe and the silhouette against scikit-learn's."""

import numpy as np
import pytest

from experiments.lab.logistic_regression import fit
from experiments.lab.silhouette import silhouette

linear_model = pytest.importorskip("sklearn.linear_model")
theirs = pytest.importorskip("sklearn.metrics")


@pytest.mark.parametrize("strength", [1.0, 0.1, 0.001])
@pytest.mark.parametrize(("n", "width", "shift"), [(40, 3, 0.5), (60, 90, 0.2), (50, 4, 9.0)])
def test_the_probe_has_the_weights_of_scikit_learns(n: int, width: int, shift: float, strength: float):
    """More features than vectors, and labels that a line separates, are among the cases."""
    rng = np.random.default_rng(n)
    labels = rng.integers(2, size=n)
    vectors = (rng.standard_normal((n, width)) + shift * labels[:, None]) * rng.uniform(0.1, 9, width) + 5
    ours = fit(vectors, labels, strength)
    features = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    expected = linear_model.LogisticRegression(C=1 / (strength * n), tol=1e-10, max_iter=10_000).fit(features, labels)
    np.testing.assert_allclose(ours.weights, expected.coef_[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.bias, expected.intercept_[0], rtol=1e-4, atol=1e-5)
    others = rng.standard_normal((200, width)) * vectors.std(axis=0) + vectors.mean(axis=0)
    theirs_say = expected.predict((others - vectors.mean(axis=0)) / vectors.std(axis=0))
    assert (ours.predict(others) == theirs_say).mean() > 0.98


@pytest.mark.parametrize(("n", "width", "groups"), [(10, 1, 2), (50, 64, 2), (60, 5, 4), (7, 3, 6)])
def test_the_silhouette_is_scikit_learns(n: int, width: int, groups: int):
    """With 7 vectors in 6 groups, all but one group have a single vector."""
    rng = np.random.default_rng(n)
    labels = np.concatenate([np.arange(groups), rng.integers(groups, size=n - groups)])
    vectors = rng.standard_normal((n, width)) + 0.7 * labels[:, None]
    assert silhouette(vectors, labels) == pytest.approx(theirs.silhouette_score(vectors, labels), abs=1e-9)
