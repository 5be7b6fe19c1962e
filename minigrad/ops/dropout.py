"""Dropout: set random values to zero in training, so that no unit can rely on another."""

from typing import Any

import numpy as np

from minigrad.device import beside
from minigrad.ops.operands import as_floats
from minigrad.tensor import Array, Tensor, TensorLike, record


def dropout(x: TensorLike, p: float, generator: np.random.Generator) -> Tensor:
    """Set each value to zero with probability p, and divide the others by 1 - p.

    That keeps the expectation, so nothing needs to be done at test time. The mask is drawn on the CPU, so that a seed
    gives the same mask on every operating system and device.

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
    mask = -beside(kept, x.data).astype(f"i{x.dtype.itemsize}")  # -1, all bits set, where kept
    scale = x.dtype.type(1 / (1 - p))

    def dropout_backward(grad: Array) -> Array:
        return _scaled(grad, scale, mask)  # the op is linear: its derivative is the mask itself

    return record(_scaled(x.data, scale, mask), (x,), dropout_backward)


def _scaled(values: Array, scale: Any, mask: Array) -> Array:
    """values · scale where the mask has all bits set, and 0 elsewhere.

    The bitwise AND gives 0 for any value, while multiplying an infinity by 0 gives NaN. np.where would branch on every
    value, and random branches are mispredicted: that takes five times as long.
    """
    out = np.multiply(values, scale, out=np.empty_like(values))
    bits = out.view(mask.dtype)
    np.bitwise_and(bits, mask, out=bits)
    return out
