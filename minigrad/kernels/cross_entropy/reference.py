"""The specification of softmax cross-entropy."""

import numpy as np

from minigrad.array_type import Array


@np.errstate(invalid="ignore", over="ignore")
def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """loss = log Σ e^x - x[target]; its gradient is softmax(x) minus one at the target.

    Where the target has nearly all of the probability, both are small, and would cancel to 0 if they were computed
    like this. So the e^x of the other words are added up on their own.
    """
    rows = np.arange(len(targets), like=targets)  # on the same device
    # Subtracting the row's highest logit changes no probability, and keeps exp from overflowing.
    shifted = logits - logits.max(axis=-1, keepdims=True)  # (N, V)
    exps = np.exp(shifted)  # (N, V)
    of_target, behind = exps[rows, targets], -shifted[rows, targets]  # behind: by how much the highest is higher
    exps[rows, targets] = 0
    others = exps.sum(axis=-1)  # (N,)
    total = others + of_target  # (N,)
    losses = np.where(behind == 0, np.log1p(others), np.log(total)) + behind
    losses = np.where(counts, losses, 0)
    if gradient_scale is None:
        return losses, None
    grad = exps / total[:, None]  # (N, V): the probabilities, and at the target less one
    grad[rows, targets] = -others / total
    return losses, np.where(counts[:, None], grad * grad.dtype.type(gradient_scale), 0)
