"""Dropout: zero some values while training, so that no unit can rely on another."""

import numpy as np

from minigrad.device import beside
from minigrad.ops.operands import as_floats
from minigrad.tensor import Array, Tensor, TensorLike, record


def dropout(x: TensorLike, p: float, generator: np.random.Generator) -> Tensor:
    """Each value is zeroed with probability p, and the others are divided by 1 - p.

    The expectation stays what it was, so nothing needs to be done at test time. The mask is drawn
    on the host, so that a seed gives the same mask on every operating system and device.

    Source: Srivastava et al. 2014, "Dropout", section 10 (the scaling is done while training).

    Raises:
        ValueError: if p is not in [0, 1).
    """
    if not 0 <= p < 1:
        raise ValueError(f"p must lie in [0, 1), got {p}")
    x = as_floats(x)
    if p == 0:
        return x
    kept = generator.random(x.shape, dtype=np.float32) >= p
    scale = beside(kept, x.data) * x.dtype.type(1 / (1 - p))

    def dropout_backward(grad: Array) -> Array:
        return grad * scale

    return record(x.data * scale, (x,), dropout_backward)
