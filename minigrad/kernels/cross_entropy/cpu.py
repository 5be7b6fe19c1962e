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
            row, label = logits[i], targets[i]
            if label < 0 or label >= vocab_size:
                raise ValueError("targets must lie in [0, V)")
            top, total = highest(row), logits.dtype.type(0)
            for j in range(vocab_size):
                total += exp(row[j] - top)
            losses[i] = np.log(total) - (row[label] - top)


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _losses_and_gradient(logits, targets, counts, scale, losses, grad):  # type: ignore[no-untyped-def]
    n_rows, vocab_size = logits.shape
    for i in range(n_rows):
        row, target, label = logits[i], grad[i], targets[i]
        if not counts[i]:
            target[:] = 0
            continue
        if label < 0 or label >= vocab_size:
            raise ValueError("targets must lie in [0, V)")
        top, total = highest(row), logits.dtype.type(0)
        for j in range(vocab_size):
            target[j] = exp(row[j] - top)
            total += target[j]
        losses[i] = np.log(total) - (row[label] - top)
        factor = scale / total
        for j in range(vocab_size):
            target[j] *= factor
        target[label] -= scale
