"""Softmax cross-entropy on a CPU: a row of logits is read while it is in the cache, and rows
without a label are not read at all."""

import numpy as np
from numba import njit

from minigrad.array_type import Array


def cross_entropy(logits: Array, targets: Array, counts: Array, with_gradient: bool) -> tuple[Array, Array | None]:
    """The loss of each row and, if asked for, the gradient of the logits."""
    logits = np.ascontiguousarray(logits)
    losses = np.zeros(len(targets), logits.dtype)
    scratch = np.empty_like(logits) if with_gradient else np.empty((1, logits.shape[1]), logits.dtype)
    _cross_entropy(logits, targets.astype(np.int64, copy=False), counts, losses, scratch, with_gradient)
    return losses, scratch if with_gradient else None


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _cross_entropy(logits, targets, counts, losses, scratch, with_gradient):  # type: ignore[no-untyped-def]
    n_rows, vocab_size = logits.shape
    for i in range(n_rows):
        row, exps = logits[i], scratch[i if with_gradient else 0]
        if not counts[i]:
            exps[:] = 0
            continue
        highest = row[0]
        for j in range(vocab_size):
            highest = max(highest, row[j])
        for j in range(vocab_size):
            exps[j] = np.exp(row[j] - highest)
        total = logits.dtype.type(0)
        for j in range(vocab_size):
            total += exps[j]
        losses[i] = np.log(total) - (row[targets[i]] - highest)
        if with_gradient:
            inverse = logits.dtype.type(1) / total
            for j in range(vocab_size):
                exps[j] *= inverse
            exps[targets[i]] -= logits.dtype.type(1)
