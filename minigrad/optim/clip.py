"""Gradient clipping by the global norm."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from minigrad import checks
from minigrad.array_type import Array
from minigrad.kernels.sum_of_squares import sum_of_squares
from minigrad.optim.parameters import check_gradients, check_tensors, entries
from minigrad.tensor import Tensor

_SMALLEST_SUM = 1e-20
"""Below this sum of squares, those that float32 has lost may matter: each lacks up to 1e-38."""

_SMALLEST_FACTOR = float(np.finfo(np.float32).tiny)


def clip_grad_norm(params: Iterable[Tensor] | Tensor, max_norm: float) -> float:
    """Scale all gradients by one factor so that their joint norm is at most `max_norm`.

    Returns the norm before clipping (NaN or infinity if the gradients are not finite; they are then
    left as they are).

    Source: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", section 3.2.

    Args:
        params: tensors, or a single one; those without a gradient do not count.
        max_norm: infinity clips nothing, for the norm alone.

    Raises:
        ValueError: if max_norm is not positive, a tensor is named twice, or a gradient has another shape than its
            tensor or is read-only.
        TypeError: if params holds something else than tensors, a gradient has another dtype than its tensor, or
            max_norm is not a number.
    """
    if not (isinstance(max_norm, float) and max_norm == math.inf):
        max_norm = checks.number("max_norm", max_norm, above=0)
    tensors = [params] if isinstance(params, Tensor) else entries(params)
    check_tensors(tensors)
    check_gradients(tensors)
    grads = [tensor.grad for tensor in tensors if tensor.grad is not None]
    norm = _norm(grads)
    if math.isfinite(norm) and norm > max_norm:
        _scale(grads, max_norm / (norm + 1e-6))
    return norm


def _norm(grads: Sequence[Array]) -> float:
    """√Σ g², also where the squares leave the range of floating point: below about 1e-19 and above 1e19 in float32.

    Such gradients are rare, so the squares are added up as they are first, and only if the sum is not to be trusted
    once more after a division by the largest gradient.
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
    factors = [factor] if factor > _SMALLEST_FACTOR else [math.sqrt(factor)] * 2  # float32 cannot hold less
    for grad in grads:
        for each in factors:
            grad *= each
