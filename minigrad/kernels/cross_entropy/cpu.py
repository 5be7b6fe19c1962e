"""Softmax cross-entropy on a CPU: everything about a row is computed while the row is in the cache.

Rows without a label are not read at all.
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled
from minigrad.kernels.elementary import exp, highest
from minigrad.kernels.indices_cpu import check_range
from minigrad.kernels.jit import njit


def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """The loss of each row and, with a gradient_scale, the scaled gradient of the logits."""
    logits, targets = np.ascontiguousarray(logits), check_range("targets", targets, logits.shape[1])
    losses = np.zeros(len(targets), logits.dtype)
    if gradient_scale is None:
        _losses(logits, targets, counts, losses)
        return losses, None
    grad = np.empty_like(logits)
    _losses_and_gradient(logits, targets, counts, logits.dtype.type(gradient_scale), losses, grad)
    return losses, grad


@compiled(nogil=True, error_model="numpy")
def _losses(logits, targets, counts, losses):  # type: ignore[no-untyped-def]
    n_rows, vocab_size = logits.shape
    exps = np.empty(vocab_size, logits.dtype)
    for i in range(n_rows):
        if counts[i]:
            row, t = logits[i], targets[i]
            top = highest(row)
            losses[i] = _loss(_exps(row, t, top, exps), row[t] - top)


@compiled(nogil=True, error_model="numpy")
def _losses_and_gradient(logits, targets, counts, scale, losses, grad):  # type: ignore[no-untyped-def]
    n_rows, vocab_size = logits.shape
    for i in range(n_rows):
        row, target, t = logits[i], grad[i], targets[i]
        if not counts[i]:
            target[:] = 0
            continue
        top = highest(row)
        others = _exps(row, t, top, target)
        losses[i] = _loss(others, row[t] - top)
        factor = scale / (others + exp(row[t] - top))
        for j in range(vocab_size):
            target[j] *= factor
        target[t] = -factor * others


@njit(error_model="numpy", fastmath={"reassoc", "contract"})
def _exps(row, t, top, out):  # type: ignore[no-untyped-def]
    """Write e^(row - top) to out, and return the sum of all but that of t."""
    zero = row.dtype.type(0)
    total, others = zero, zero
    for j in range(row.size):
        out[j] = exp(row[j] - top)
        total += out[j]
    of_target, out[t] = out[t], zero
    if of_target + of_target < total:
        return total - of_target
    for j in range(row.size):  # the target has most of the total, so that difference would cancel
        others += out[j]
    return others


@njit(error_model="numpy")
def _loss(others, shifted):  # type: ignore[no-untyped-def]
    """-log softmax at the target, given its logit minus the highest, and the sum of the others: see the reference."""
    if shifted == 0:
        return np.log1p(others)
    return np.log(others + exp(shifted)) - shifted
