"""Gradient clipping by the global norm."""

import math
from collections.abc import Iterable

from minigrad.kernels.sum_of_squares import sum_of_squares
from minigrad.tensor import Tensor


def clip_grad_norm(params: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients by one factor so that their joint norm is at most `max_norm`.

    Returns the norm before clipping (NaN or infinity if the gradients are not finite; they are then
    left as they are).

    Source: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", section 3.2.

    Raises:
        ValueError: if max_norm is not positive.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be positive, got {max_norm}")
    grads = [parameter.grad for parameter in params if parameter.grad is not None]
    norm = math.sqrt(sum_of_squares(grads))
    if math.isfinite(norm) and norm > max_norm:
        for grad in grads:
            grad *= max_norm / (norm + 1e-6)
    return norm
