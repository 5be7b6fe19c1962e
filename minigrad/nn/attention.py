"""Multi-head attention: several attentions side by side, each in its own small space.

Source: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.2.
"""

import numpy as np

from minigrad import checks, ops, random
from minigrad.array_type import Array
from minigrad.grad_mode import is_grad_enabled
from minigrad.nn.cache import KeyValueCache
from minigrad.nn.linear import Linear
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class MultiHeadAttention(Module):
    """Self-attention or, given a `context`, attention from x to the context.

        q, k, v = x W_q, c W_k, c W_v               c is the context, or x itself
        out = concat over heads of softmax(q kᵀ / √K) v, times W_out

    `forward_cached` computes the same token by token, for generation.

    Attributes:
        q, k, v: projections from d_model to n_heads heads of `head_size` each.
        out: the projection back to d_model.

    Raises:
        TypeError: if a size is not an integer, bias not a boolean, or generator not a Generator.
        ValueError: if a size is not at least 1, or n_heads does not divide d_model and no head_size (default:
            d_model / n_heads) is given.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        bias: bool = True,
        generator: np.random.Generator | None = None,
        head_size: int | None = None,
    ) -> None:
        d_model = checks.whole_number("d_model", d_model, at_least=1)
        n_heads = checks.whole_number("n_heads", n_heads, at_least=1)
        if head_size is not None:
            head_size = checks.whole_number("head_size", head_size, at_least=1)
        elif d_model % n_heads:
            raise ValueError(f"n_heads must divide d_model, got {n_heads} heads for {d_model}")
        generator = random.chosen(generator)
        width = n_heads * head_size if head_size else d_model
        self.n_heads = n_heads
        self.q = Linear(d_model, width, bias, generator)
        self.k = Linear(d_model, width, bias, generator)
        self.v = Linear(d_model, width, bias, generator)
        self.out = Linear(width, d_model, bias, generator)

    def forward(
        self,
        x: Tensor,
        context: Tensor | None = None,
        *,
        causal: bool = False,
        mask: Array | None = None,
        bias: Tensor | None = None,
        scale: float | None = None,
        positions: Array | None = None,
    ) -> Tensor:
        """x (B, T, D), context (B, S, D) or None for x itself → (B, T, D).

        Args:
            causal, mask, bias, scale: as in `ops.attention`.
            positions: (B, T) or (1, T), the positions of x, by which queries and keys are rotated (`ops.rotary`).

        Raises:
            ValueError: if there are positions and a context.
        """
        _check_positions(positions, context)
        context = x if context is None else context
        q = self._heads(self.q(x), positions)  # (B, H, T, K)
        k = self._heads(self.k(context), positions)  # (B, H, S, K)
        # Values are not rotated: positions decide which tokens attend to each other, not what is read there.
        v = self._heads(self.v(context))  # (B, H, S, K)
        attended = ops.attention(q, k, v, causal=causal, mask=mask, bias=bias, scale=scale)  # (B, H, T, K)
        return self.out(ops.merge_heads(attended))  # (B, T, D)

    def forward_cached(
        self,
        x: Tensor,
        cache: KeyValueCache,
        context: Tensor | None = None,
        *,
        causal: bool = False,
        mask: Array | None = None,
        bias: Tensor | None = None,
        scale: float | None = None,
        positions: Array | None = None,
    ) -> Tensor:
        """The same over a cache of keys and values, for generation: x (B, T, D) → (B, T, D).

        Without a context, x holds the T newest of S positions. Their keys and values are appended to the cache, and
        they attend to all of it (up to themselves if causal). With a context, the first call fills the cache with the
        context's keys and values, and later calls reuse them.

        Arguments as in `forward`. The mask covers all S positions.

        Raises:
            ValueError: if gradients are recorded, or there are positions and a context.
        """
        _check_positions(positions, context)
        if is_grad_enabled():
            raise ValueError("cache holds arrays that no gradient flows into: use it inside `with no_grad():`")
        q = self._heads(self.q(x), positions)  # (B, H, T, K)
        if context is None:
            self._append(cache, x, positions)  # T → S positions in the cache
        elif cache.length == 0:  # a context is the same at every step, so its keys and values are computed once
            self._append(cache, context)
        k, v = Tensor(cache.keys), Tensor(cache.values)  # (B, H, S, K)
        attended = ops.attention(q, k, v, causal=causal, mask=mask, bias=bias, scale=scale)  # (B, H, T, K)
        return self.out(ops.merge_heads(attended))  # (B, T, D)

    def _append(self, cache: KeyValueCache, x: Tensor, positions: Array | None = None) -> None:
        """Append the keys and values of x (B, T, D), the keys already rotated: their positions never change."""
        k, v = self._heads(self.k(x), positions), self._heads(self.v(x))  # (B, H, T, K)
        cache.append(k.data, v.data)

    def _heads(self, x: Tensor, positions: Array | None = None) -> Tensor:
        """(B, T, H · K) → (B, H, T, K), rotated by the positions if there are any."""
        heads = ops.split_heads(x, self.n_heads)  # (B, H, T, K)
        return heads if positions is None else ops.rotary(heads, positions)


def _check_positions(positions: Array | None, context: Tensor | None) -> None:
    if positions is not None and context is not None:
        raise ValueError("positions are those of x, whose keys they rotate; they do not go with a context")
