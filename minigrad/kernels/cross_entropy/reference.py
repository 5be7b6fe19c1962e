"""The specification of softmax cross-entropy."""

import numpy as np

from minigrad.array_type import Array


def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """loss = log Σ e^x - x[target]; its gradient is softmax(x) minus one at the target."""
    rows = np.arange(len(targets), like=targets)  # on the same device
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exps = np.exp(shifted)
    total = exps.sum(axis=-1)
    losses = np.where(counts, np.log(total) - shifted[rows, targets], 0)
    if gradient_scale is None:
        return losses, None
    grad = exps / total[:, None]
    grad[rows, targets] -= 1
    return losses, np.where(counts[:, None], grad * grad.dtype.type(gradient_scale), 0)
