"""Rotary position embedding: rotate queries and keys by angles that are proportional to their positions.

If q is rotated by the angle of its position and k by that of its own, q · k depends on the difference of the angles
only. So attention scores depend on the distance of two tokens, and no table of positions has to be learnt.
"""

import numpy as np

from minigrad.checks import integers, number
from minigrad.device import beside
from minigrad.tensor import Array, Tensor, TensorLike, as_tensor, record


def rotary(x: TensorLike, positions: Array, theta: float = 10000.0) -> Tensor:
    """Rotate each pair of numbers of a head by an angle that grows with the position.

        angle_i = position · theta^(-2i / K)
        (x_i, x_{i + K/2}) → (x_i cos - x_{i + K/2} sin, x_i sin + x_{i + K/2} cos)        i = 0 … K/2 - 1

    Shapes: x (B, H, T, K), positions (B, T), (1, T) or (T,) → (B, H, T, K).

    A pair consists of a number of the first half and the one at the same place in the second half, as in GPT-NeoX,
    LLaMA and transformers' `apply_rotary_pos_emb`. The paper pairs neighbours, x_2i and x_{2i + 1}, which is the same
    up to the order of the numbers. Angles are computed in float64, so that they are accurate at large positions too.
    Source: Su et al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding", section 3.4.2.

    Raises:
        ValueError: if K is odd, the shapes do not fit, or theta is not positive.
        TypeError: if the positions are not integers, or x is not floating-point.
    """
    x = as_tensor(x)
    if x.ndim != 4 or x.shape[3] % 2:
        raise ValueError(f"rotary needs x (B, H, T, K) with an even K, got {x.shape}")
    if x.dtype.kind in "biu":
        raise TypeError(f"rotary needs floating-point x, got {x.dtype}")
    cos, sin = (beside(part, x.data) for part in _cos_and_sin(positions, x, number("theta", theta, above=0)))

    def rotary_backward(grad: Array) -> Array:
        return _rotated(grad, cos, -sin)  # a rotation is linear; its transpose rotates by the negative angle

    return record(_rotated(x.data, cos, sin), (x,), rotary_backward)


def _rotated(x: Array, cos: Array, sin: Array) -> Array:
    """x with each pair rotated by its angle."""
    first, second = np.split(x, 2, axis=-1)  # (B, H, T, K/2) each
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


def _cos_and_sin(positions: Array, x: Tensor, theta: float) -> tuple[np.ndarray, np.ndarray]:
    """The cosine and sine of the angle of each position and pair: (B or 1, 1, T, K/2), in x's dtype."""
    batch, _, length, head_size = x.shape
    positions = np.atleast_2d(integers("positions", positions))
    if positions.shape not in ((batch, length), (1, length)):
        raise ValueError(f"positions must have shape {(batch, length)} or {(1, length)}, got {positions.shape}")
    frequencies = theta ** (-np.arange(0, head_size, 2) / head_size)  # (K/2,)
    angles = positions[:, None, :, None] * frequencies  # (B or 1, 1, T, K/2): the same for all heads
    return np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
