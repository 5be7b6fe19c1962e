"""The specification of softmax cross-entropy."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.indices import check_range


@np.errstate(invalid="ignore", over="ignore")
def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """loss = log Σ e^x - x[target]; its gradient is softmax(x), minus one at the target.

    If the target has nearly all of the probability, the loss and its gradient at the target are small, and computed
    like this they would cancel to 0. So the e^x of the other words are summed on their own.
    """
    check_range("targets", targets, logits.shape[1])  # NumPy would count a negative index from the end
    rows = np.arange(len(targets), like=targets)  # (N,), on the same device
    # Subtracting the row's highest logit changes no probability, and keeps exp from overflowing.
    shifted = logits - logits.max(axis=-1, keepdims=True)  # (N, V)
    exps = np.exp(shifted)  # (N, V)
    of_target, behind = exps[rows, targets], -shifted[rows, targets]  # (N,); behind: highest logit - target's logit
    exps[rows, targets] = 0
    others = exps.sum(axis=-1)  # (N,)
    total = others + of_target  # (N,)
    # If the target is the highest, its e^0 = 1 is in the total, and log(1 + others) keeps small others exact.
    losses = np.where(behind == 0, np.log1p(others), np.log(total)) + behind
    losses = np.where(counts, losses, 0)
    if gradient_scale is None:
        return losses, None
    grad = exps / total[:, None]  # (N, V): softmax, except at the target
    grad[rows, targets] = -others / total  # = of_target / total - 1, without the cancellation
    return losses, np.where(counts[:, None], grad * grad.dtype.type(gradient_scale), 0)
