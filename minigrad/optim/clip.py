"""Gradient clipping by the global norm."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from minigrad import checks
from minigrad.array_type import Array
from minigrad.kernels.sum_of_squares import sum_of_squares
from minigrad.optim.parameters import check_gradients, check_tensors, entries, is_updated
from minigrad.tensor import Tensor

_SMALLEST_SUM = 1e-20
"""Below this sum, the squares that float32 rounds to zero may matter: each lacks up to 1e-38."""

_SMALLEST_FACTOR = float(np.finfo(np.float32).tiny)


def clip_grad_norm(params: Iterable[Tensor] | Tensor, max_norm: float) -> float:
    """Scale all gradients by one factor so that their joint norm is at most `max_norm`.

    Returns the norm before clipping. If the gradients are not finite, it is NaN or infinity, and they are left
    unchanged.

    Source: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", section 3.2.

    Args:
        params: a list of tensors, or a single one; those without a gradient and frozen ones do not count.
        max_norm: infinity clips nothing: the call then only computes the norm.

    Raises:
        ValueError: if max_norm is not positive, a tensor is named twice, or a gradient has another shape than its
            tensor or is read-only.
        TypeError: if params holds anything but tensors, a gradient has another dtype than its tensor, or max_norm is
            not a number.
    """
    if not (isinstance(max_norm, float) and max_norm == math.inf):
        max_norm = checks.number("max_norm", max_norm, above=0)
    tensors = [params] if isinstance(params, Tensor) else entries(params)
    check_tensors(tensors)
    check_gradients(tensors)
    grads = [tensor.grad for tensor in tensors if is_updated(tensor)]
    norm = _norm(grads)
    if math.isfinite(norm) and norm > max_norm:
        _scale(grads, max_norm / (norm + 1e-6))  # PyTorch's epsilon, so that both give the same
    return norm


def _norm(grads: Sequence[Array]) -> float:
    """√Σ g², also if the squares leave the range of floating point: for g below about 1e-19 or above 1e19 in float32.

    Such gradients are rare. So the squares are summed as they are, and only if the sum is not reliable summed again
    after dividing by the largest gradient.
    """
    total = sum_of_squares(grads)
    if _SMALLEST_SUM < total < math.inf or math.isnan(total):
        return math.sqrt(total)
    largest = max((float(np.abs(grad).max()) for grad in grads if grad.size), default=0.0)
    if largest == 0 or largest == math.inf:
        return largest
    return largest * math.sqrt(sum_of_squares([grad.astype(np.float64) / largest for grad in grads]))


def _scale(grads: Sequence[Array], factor: float) -> None:
    """Multiply the gradients, in place."""
    for i, grad in enumerate(grads):
        if isinstance(grad, np.ndarray) and not grad.flags.writeable:
            raise ValueError(f"the gradient of shape {grad.shape} at [{i}] of those to clip is read-only")
    # float32 cannot represent a smaller factor, so multiply by its root twice.
    for each in [factor] if factor > _SMALLEST_FACTOR else [math.sqrt(factor)] * 2:
        for grad in grads:
            grad *= each
