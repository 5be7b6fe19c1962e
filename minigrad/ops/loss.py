"""Losses. Language-model losses are in nats per token: the mean over the positions with a label."""

import numpy as np

from minigrad.checks import integers, whole_number
from minigrad.conversion import for_kernel
from minigrad.device import beside
from minigrad.kernels import cross_entropy as kernel
from minigrad.kernels.logistic import sigmoid
from minigrad.ops.embedding import check_ids
from minigrad.ops.operands import as_floats
from minigrad.tensor import Array, Tensor, TensorLike, as_operands, record

IGNORE = -100
"""The label of a position without loss. Everything uses this constant."""


def cross_entropy(logits: Tensor, labels: TensorLike, ignore_index: int = IGNORE) -> Tensor:
    """The mean of -log softmax(logits)[label] over the positions whose label is not `ignore_index`.

    Shapes: logits (..., V), labels (...) integers in [0, V) or `ignore_index` → (), in nats.
    If no position has a label, the loss is 0, and so are the gradients.

    Raises:
        ValueError: if the shapes do not fit, or a label lies outside the vocabulary.
        TypeError: if labels are not integers, or logits neither float32 nor float64.
    """
    targets = integers("labels", labels)
    ignore_index = whole_number("ignore_index", ignore_index)
    if targets.shape != logits.shape[:-1]:
        raise ValueError(f"labels must have the shape {logits.shape[:-1]} of logits without V, got {targets.shape}")
    vocab_size = logits.shape[-1]
    (logits_data,) = for_kernel("cross_entropy", ("logits",), logits.data)
    rows, targets = logits_data.reshape(-1, vocab_size), targets.reshape(-1)  # (N, V) and (N,)
    counts = targets != ignore_index  # (N,): which rows count
    targets = np.where(counts, targets, 0)  # an index that the kernel may read; its row does not count
    check_ids(targets, vocab_size, "labels")
    shape, n_labels = logits.shape, max(int(counts.sum()), 1)
    targets, counts = beside(targets, rows), beside(counts, rows)
    # ∂loss/∂logits = (softmax(logits) - onehot(label)) / n_labels. The forward pass computes the softmax anyway, so the
    # kernel returns this gradient along with the losses: losses (N,), grad_rows (N, V). So the difference is not in the
    # rule below, but in kernels/cross_entropy/reference.py: stop there in the forward pass to see it.
    losses, grad_rows = kernel.cross_entropy(rows, targets, counts, 1 / n_labels if logits.requires_grad else None)

    def cross_entropy_backward(grad: Array) -> Array:
        # The chain rule: grad is ∂L/∂loss, one number. It is 1 if this loss is L itself, and then nothing has to be
        # multiplied. Reading it waits for a GPU, which costs less than a pass over (N, V) numbers.
        assert grad_rows is not None
        if grad == 1:
            return grad_rows.reshape(shape)  # (N, V) → (..., V)
        if np.isfinite(grad):
            return (grad_rows * grad).reshape(shape)
        grad_logits = np.zeros_like(grad_rows)  # rows without a label stay 0: 0 · ∞ would be NaN
        grad_logits[counts] = grad_rows[counts] * grad
        return grad_logits.reshape(shape)

    loss = (losses.sum() / n_labels).astype(logits.dtype)  # ()
    return record(loss, (logits,), cross_entropy_backward)


def binary_cross_entropy_with_logits(logits: TensorLike, targets: TensorLike) -> Tensor:
    """The mean of -t log σ(x) - (1 - t) log(1 - σ(x)), t in [0, 1], without overflow.

    Shapes: logits and targets alike → (), in nats. No gradient flows to the targets.
    """
    x, targets = as_operands(logits, targets)
    if x.shape != targets.shape:
        raise ValueError(f"targets must have the shape of logits, {x.shape}, got {targets.shape}")
    x = as_floats(x)
    x_data, t, count = x.data, targets.data.astype(x.dtype, copy=False), x.size

    def binary_cross_entropy_with_logits_backward(grad: Array) -> tuple[Array, None]:
        # The derivative by x is σ(x) - t = (1 - t) σ(x) - t (1 - σ(x)), and 1 - σ(x) = σ(-x). Nothing cancels in this
        # form, neither for t = 0 nor for t = 1.
        return ((1 - t) * sigmoid(x_data) - t * sigmoid(-x_data)) * (grad / count), None

    # -log σ(x) = log(1 + e^-x) = max(-x, 0) + log(1 + e^-|x|), and -log(1 - σ(x)) is the same function of -x.
    with np.errstate(invalid="ignore"):  # 0 · ∞ is NaN, as in PyTorch
        losses = (1 - t) * np.maximum(x_data, 0) + t * np.maximum(-x_data, 0) + np.log1p(np.exp(-np.abs(x_data)))
    return record(
        losses.mean(dtype=np.float64).astype(x.dtype),
        (x, targets),
        binary_cross_entropy_with_logits_backward,
        reads=(x, targets),
    )


def mse_loss(prediction: TensorLike, target: TensorLike) -> Tensor:
    """The mean of (prediction - target)². Shapes alike → ()."""
    a, b = as_operands(prediction, target)
    if a.shape != b.shape:
        raise ValueError(f"target must have the shape of prediction, {a.shape}, got {b.shape}")
    a, b = as_floats(a), as_floats(b)
    difference, count = a.data - b.data, a.size

    def mse_loss_backward(grad: Array) -> tuple[Array, Array]:
        grad_a = difference * (2 * grad / count)  # ∂/∂a Σ (a - b)² / n = 2 (a - b) / n
        return grad_a, -grad_a

    exact = difference.astype(np.float64)  # squares above 3e38 overflow float32, though the mean may fit
    loss = (exact * exact).mean().astype(difference.dtype)
    return record(loss, (a, b), mse_loss_backward)
