"""Softmax cross-entropy on a CPU: a row of logits is read while it is in the cache, and rows
without a label are not read at all."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled
from minigrad.kernels.elementary import exp, highest


def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """The loss of each row and, if asked for, the scaled gradient of the logits."""
    logits, targets = np.ascontiguousarray(logits), targets.astype(np.int64, copy=False)
    if _n_outside(targets, logits.shape[1]):
        raise ValueError(f"targets must lie in [0, {logits.shape[1]}), got {targets.min()} to {targets.max()}")
    losses = np.zeros(len(targets), logits.dtype)
    if gradient_scale is None:
        _losses(logits, targets, counts, losses)
        return losses, None
    grad = np.empty_like(logits)
    _losses_and_gradient(logits, targets, counts, logits.dtype.type(gradient_scale), losses, grad)
    return losses, grad


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _losses(logits, targets, counts, losses):  # type: ignore[no-untyped-def]
    n_rows, vocab_size = logits.shape
    for i in range(n_rows):
        if counts[i]:
            row = logits[i]
            top, total = highest(row), logits.dtype.type(0)
            for j in range(vocab_size):
                total += exp(row[j] - top)
            losses[i] = np.log(total) - (row[targets[i]] - top)


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _losses_and_gradient(logits, targets, counts, scale, losses, grad):  # type: ignore[no-untyped-def]
    n_rows, vocab_size = logits.shape
    for i in range(n_rows):
        row, target = logits[i], grad[i]
        if not counts[i]:
            target[:] = 0
            continue
        top, total = highest(row), logits.dtype.type(0)
        for j in range(vocab_size):
            target[j] = exp(row[j] - top)
            total += target[j]
        losses[i] = np.log(total) - (row[targets[i]] - top)
        factor = scale / total
        for j in range(vocab_size):
            target[j] *= factor
        target[targets[i]] -= scale


@compiled(nogil=True)
def _n_outside(targets, vocab_size):  # type: ignore[no-untyped-def]
    n = 0
    for i in range(targets.size):
        if targets[i] < 0 or targets[i] >= vocab_size:
            n += 1
    return n
