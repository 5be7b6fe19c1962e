"""Dropout: zero some values while training, so that no unit can rely on another."""

from typing import Any

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
        TypeError: if x is not floating. ValueError: if p is not in [0, 1).
    """
    if not 0 <= p < 1:
        raise ValueError(f"p must lie in [0, 1), got {p}")
    x = as_floats(x)
    if p == 0:
        return x
    kept = np.asarray(generator.random(x.shape, dtype=np.float32) >= p)
    mask = -beside(kept, x.data).astype(f"i{x.dtype.itemsize}")  # all bits of what is kept, none of the others
    scale = x.dtype.type(1 / (1 - p))

    def dropout_backward(grad: Array) -> Array:
        return _scaled(grad, scale, mask)

    return record(_scaled(x.data, scale, mask), (x,), dropout_backward)


def _scaled(values: Array, scale: Any, mask: Array) -> Array:
    """values · scale where the mask has all bits, and 0 elsewhere, whatever was there: 0 · ∞ is not a number.

    np.where would branch on every value, and a processor guesses many of the branches wrong: five times as slow.
    """
    out = np.multiply(values, scale, out=np.empty_like(values))
    bits = out.view(mask.dtype)
    np.bitwise_and(bits, mask, out=bits)
    return out
