"""Softmax cross-entropy, the loss of every language model, with its rule. Exercise 1.5.

The library's version is `minigrad.ops.cross_entropy`. It is one kernel that computes the loss and the gradient in one
pass.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

IGNORE = -100
"""The label of a row without loss."""


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, Callable[[float], np.ndarray]]:
    """The mean of -log softmax(logits)[label] over the rows whose label is not IGNORE, in nats; and its rule.

    Shapes: logits (N, V) of any size, labels (N,) integers → the loss, and a function that takes the gradient of the
    loss and returns that of the logits (N, V). If every row is ignored, the loss and the gradient are 0.
    """
    counts = labels != IGNORE  # (N,)
    n_labels = max(int(counts.sum()), 1)
    targets = np.where(counts, labels, 0)  # (N,)
    rows = np.arange(len(labels))
    # log softmax(x) = x - max - log Σ exp(x - max): no exponent is above 0, and no probability is rounded to 0 first.
    shifted = logits - logits.max(axis=-1, keepdims=True)  # (N, V)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))  # (N, V)
    loss = -(log_probs[rows, targets] * counts).sum() / n_labels

    def rule(grad: float) -> np.ndarray:
        grad_logits = np.exp(log_probs)  # (N, V)
        grad_logits[rows, targets] -= 1  # p - y
        return grad * grad_logits * counts[:, None] / n_labels

    return float(loss), rule
