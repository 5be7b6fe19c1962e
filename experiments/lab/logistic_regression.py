"""Logistic regression: a linear probe, which tells what can be read off vectors without hidden layers of its own.

    probe = fit(vectors, labels, strength=0.1)    # vectors (N, D), labels (N,) of 0 and 1
    probe.predict(other_vectors)                  # (M,) of 0 and 1

Features are standardized with the training vectors' means and deviations. Newton's method finds the minimum of a
convex loss, so the probe is the same whatever the start: nothing is random.
"""

from dataclasses import dataclass

import numpy as np

from minigrad.checks import number

MOST_STEPS = 100
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Probe:
    """A linear classifier: 1 where the standardized vectors · weights + bias are above 0.

    Attributes:
        mean, scale: (D,), of the training vectors.
        weights: (D,), of the standardized features.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    bias: float

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """(N, D) → (N,) of 0 and 1."""
        # A matrix product may round equal rows differently. A sum along each row does not.
        scores = (standardize(vectors, self.mean, self.scale) * self.weights).sum(axis=1) + self.bias
        return (scores > 0).astype(np.int64)


def standardize(vectors: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """(N, D) in float64, with mean 0 and deviation 1 in each column of the training vectors."""
    return np.ascontiguousarray((vectors.astype(np.float64) - mean) / scale)


def fit(vectors: np.ndarray, labels: np.ndarray, strength: float) -> Probe:
    """Minimize the mean of log(1 + exp(-±score)) + strength / 2 · |weights|²; the bias is free.

    Shapes: vectors (N, D), labels (N,) of 0 and 1.

    Raises:
        ValueError: if shapes do not fit, labels are not of both kinds, or strength is not above 0.
    """
    number("strength", strength, above=0)
    if vectors.ndim != 2 or labels.shape != vectors.shape[:1]:
        raise ValueError(f"vectors and labels must be (N, D) and (N,), got {vectors.shape} and {labels.shape}")
    if set(np.unique(labels)) != {0, 1}:
        raise ValueError(f"labels must be 0 and 1, both of them, got {np.unique(labels)}")
    mean = vectors.mean(axis=0, dtype=np.float64)  # (D,)
    scale = vectors.std(axis=0, dtype=np.float64)
    scale[scale <= TOLERANCE * (np.abs(mean) + TOLERANCE)] = 1  # a feature that never varies
    features = np.concatenate([standardize(vectors, mean, scale), np.ones((len(vectors), 1))], axis=1)  # (N, D + 1)
    penalty = np.append(np.full(vectors.shape[1], float(strength)), 0)  # (D + 1,)
    weights = _minimum(features, np.where(labels == 1, 1.0, -1.0), penalty)
    return Probe(mean, scale, weights[:-1], float(weights[-1]))


def _minimum(features: np.ndarray, signs: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """Newton's method, in steps that are halved until the loss falls."""
    weights = np.zeros(features.shape[1])
    loss = _loss(features, signs, penalty, weights)
    for _ in range(MOST_STEPS):
        wrong = 1 / (1 + np.exp(np.minimum(signs * (features @ weights), 500)))  # (N,): the label's 1 - probability
        gradient = -(features.T @ (signs * wrong)) / len(features) + penalty * weights
        if np.abs(gradient).max() < TOLERANCE:
            break
        curvature = (features.T * (wrong * (1 - wrong))) @ features / len(features)  # (D + 1, D + 1)
        # The bias has no penalty. A little of one keeps the matrix invertible where every label is almost certain.
        step = np.linalg.solve(curvature + np.diag(penalty + 1e-12), gradient)
        size = 1.0
        while (new_loss := _loss(features, signs, penalty, weights - size * step)) > loss and size > TOLERANCE:
            size /= 2
        if size <= TOLERANCE:  # rounding hides what is left to gain
            break
        weights, loss = weights - size * step, new_loss
    return weights


def _loss(features: np.ndarray, signs: np.ndarray, penalty: np.ndarray, weights: np.ndarray) -> float:
    losses = np.logaddexp(0, -signs * (features @ weights))  # (N,)
    return float(losses.mean() + (penalty * weights**2).sum() / 2)
