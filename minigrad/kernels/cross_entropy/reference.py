"""The specification of softmax cross-entropy."""

import numpy as np

from minigrad.array_type import Array


def cross_entropy(logits: Array, targets: Array, counts: Array, with_gradient: bool) -> tuple[Array, Array | None]:
    """loss = log Σ e^x - x[target]; its gradient is softmax(x) minus one at the target."""
    rows = np.arange(len(targets))
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exps = np.exp(shifted)
    total = exps.sum(axis=-1)
    losses = (np.log(total) - shifted[rows, targets]) * counts
    if not with_gradient:
        return losses, None
    grad = exps / total[:, None]
    grad[rows, targets] -= 1
    return losses, grad * counts[:, None]
