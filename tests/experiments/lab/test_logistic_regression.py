"""The linear probe: its minimum where it can be worked out by hand, and what it does with equal vectors."""

import math

import numpy as np
import pytest

from experiments.lab.logistic_regression import fit


def test_a_probe_on_one_feature_has_the_weight_that_was_worked_out_by_hand():
    """Standardized, the features are -1 and 1. The gradient is zero where strength · w = 1 / (1 + exp(w))."""
    vectors, labels = np.array([[3.0], [7.0]]), np.array([0, 1])
    w = math.log(3)  # then 1 / (1 + exp(w)) = 1/4
    probe = fit(vectors, labels, strength=0.25 / w)
    assert (probe.mean[0], probe.scale[0]) == (5, 2)
    assert probe.weights[0] == pytest.approx(w, abs=1e-8)
    assert probe.bias == pytest.approx(0, abs=1e-8)
    assert probe.predict(np.array([[4.9], [5.1], [70.0]])).tolist() == [0, 1, 1]


def test_the_bias_alone_gives_the_labels_share():
    """Features that never vary: the probability is the share of ones, 3/4, and so the bias log(3)."""
    probe = fit(np.full((8, 2), 0.1), np.array([1, 1, 1, 1, 1, 1, 0, 0]), strength=1.0)
    assert probe.weights.tolist() == pytest.approx([0, 0], abs=1e-12)
    assert probe.bias == pytest.approx(math.log(3), abs=1e-6)


def test_equal_vectors_get_equal_labels_and_balanced_ones_are_at_chance():
    rng = np.random.default_rng(0)
    words = rng.standard_normal((7, 33)).astype(np.float32)
    vectors, labels = np.repeat(words, 6, axis=0), np.tile([0, 1], 21)
    for strength in (1.0, 1e-3):
        probe = fit(vectors, labels, strength)
        by_word = probe.predict(vectors).reshape(7, 6)
        assert (by_word == by_word[:, :1]).all()
        assert (by_word.ravel() == labels).mean() == 0.5


def test_a_stronger_penalty_makes_smaller_weights():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((60, 5))
    labels = (vectors[:, 0] + rng.standard_normal(60) > 0).astype(int)
    sizes = [np.linalg.norm(fit(vectors, labels, strength).weights) for strength in (1e-6, 1e-2, 1.0, 100.0)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 0.02 * sizes[0]


def test_bad_input_is_refused():
    vectors, labels = np.zeros((4, 2)), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match="strength must be"):
        fit(vectors, labels, 0.0)
    with pytest.raises(ValueError, match=r"vectors and labels must be \(N, D\) and \(N,\), got \(4, 2\) and \(3,\)"):
        fit(vectors, labels[:3], 1.0)
    with pytest.raises(ValueError, match=r"labels must be 0 and 1, both of them, got \[1\]"):
        fit(vectors, np.ones(4, int), 1.0)
