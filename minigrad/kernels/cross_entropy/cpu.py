"""Softmax cross-entropy on a CPU: a row of logits is read while it is in the cache, and rows
without a label are not read at all."""

import numpy as np
from numba import njit

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled
from minigrad.kernels.elementary import exp


def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """The loss of each row and, if asked for, the scaled gradient of the logits."""
    logits, targets = np.ascontiguousarray(logits), targets.astype(np.int64, copy=False)
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
            highest, total = _highest(row), logits.dtype.type(0)
            for j in range(vocab_size):
                total += exp(row[j] - highest)
            losses[i] = np.log(total) - (row[targets[i]] - highest)


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _losses_and_gradient(logits, targets, counts, scale, losses, grad):  # type: ignore[no-untyped-def]
    n_rows, vocab_size = logits.shape
    for i in range(n_rows):
        row, target = logits[i], grad[i]
        if not counts[i]:
            target[:] = 0
            continue
        highest, total = _highest(row), logits.dtype.type(0)
        for j in range(vocab_size):
            target[j] = exp(row[j] - highest)
            total += target[j]
        losses[i] = np.log(total) - (row[targets[i]] - highest)
        factor = scale / total
        for j in range(vocab_size):
            target[j] *= factor
        target[targets[i]] -= scale


@njit(error_model="numpy")
def _highest(row):  # type: ignore[no-untyped-def]
    highest = row[0]
    for j in range(row.size):
        highest = max(highest, row[j])
    return highest
