"""Rotary position embedding: queries and keys are turned by their positions, so that their product sees the distance.

A turn of both by the angles of their own positions changes nothing in q · k but the difference of the two: attention
scores depend on how far apart two tokens are, not on where they are, and no table of positions has to be learnt.
"""

import numpy as np

from minigrad.checks import integers, number
from minigrad.device import beside
from minigrad.tensor import Array, Tensor, TensorLike, as_tensor, record


def rotary(x: TensorLike, positions: Array, theta: float = 10000.0) -> Tensor:
    """Turn each pair of numbers of a head by an angle that grows with the position.

        angle_i = position · theta^(-2i / K)
        (x_i, x_{i + K/2}) → (x_i cos - x_{i + K/2} sin, x_i sin + x_{i + K/2} cos)        i = 0 … K/2 - 1

    Shapes: x (B, H, T, K), positions (B, T), (1, T) or (T,) → (B, H, T, K).

    A pair is a number of the first half and the one at the same place in the second, as in GPT-NeoX, LLaMA and
    transformers' `apply_rotary_pos_emb`. The paper pairs neighbours, x_2i and x_{2i + 1}, which is the same up to
    the order of the numbers. Angles are computed in float64, so that they are right at large positions too.
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
        return _turn(grad, cos, -sin)  # the inverse of a rotation is its transpose: the same angle, backwards

    return record(_turn(x.data, cos, sin), (x,), rotary_backward)


def _turn(x: Array, cos: Array, sin: Array) -> Array:
    """Each pair (B, H, T, K/2) twice, turned by its angle."""
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


def _cos_and_sin(positions: Array, x: Tensor, theta: float) -> tuple[np.ndarray, np.ndarray]:
    """Of the angle of each position and pair, for every head: (B or 1, 1, T, K/2), in x's dtype."""
    batch, _, length, head_size = x.shape
    positions = np.atleast_2d(integers("positions", positions))
    if positions.shape not in ((batch, length), (1, length)):
        raise ValueError(f"positions must have shape {(batch, length)} or {(1, length)}, got {positions.shape}")
    frequencies = theta ** (-np.arange(0, head_size, 2) / head_size)  # (K/2,)
    angles = positions[:, None, :, None] * frequencies
    return np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
