"""Multi-head attention: several attentions side by side, each in its own small space.

Source: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.2.
"""

import numpy as np

from minigrad import ops, random
from minigrad.array_type import Array
from minigrad.nn.linear import Linear
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class MultiHeadAttention(Module):
    """Self-attention, or, given a `context`, attention from x to the context.

    Attributes:
        q, k, v: projections from d_model to n_heads heads of d_model / n_heads each.
        out: the projection back to d_model.

    Raises:
        ValueError: if n_heads does not divide d_model.
    """

    def __init__(
        self, d_model: int, n_heads: int, bias: bool = True, generator: np.random.Generator | None = None
    ) -> None:
        if n_heads < 1 or d_model % n_heads:
            raise ValueError(f"n_heads must divide d_model, got {n_heads} heads for {d_model}")
        generator = generator or random.generator()
        self.n_heads = n_heads
        self.q = Linear(d_model, d_model, bias, generator)
        self.k = Linear(d_model, d_model, bias, generator)
        self.v = Linear(d_model, d_model, bias, generator)
        self.out = Linear(d_model, d_model, bias, generator)

    def forward(
        self,
        x: Tensor,
        context: Tensor | None = None,
        *,
        causal: bool = False,
        mask: Array | None = None,
        bias: Tensor | None = None,
        scale: float | None = None,
    ) -> Tensor:
        """x (B, T, D), context (B, S, D) or None for x itself → (B, T, D). The rest as in `ops.attention`."""
        context = x if context is None else context
        q, k, v = self._heads(self.q(x)), self._heads(self.k(context)), self._heads(self.v(context))
        attended = ops.attention(q, k, v, causal=causal, mask=mask, bias=bias, scale=scale)  # (B, H, T, K)
        return self.out(attended.swapaxes(1, 2).reshape(x.shape))

    def _heads(self, x: Tensor) -> Tensor:
        """(B, T, D) → (B, H, T, K)."""
        batch, length, width = x.shape
        return x.reshape((batch, length, self.n_heads, width // self.n_heads)).swapaxes(1, 2)
