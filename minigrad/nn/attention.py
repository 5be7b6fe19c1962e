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
    """Self-attention, or, given a `context`, attention from x to the context.

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
        cache: KeyValueCache | None = None,
        positions: Array | None = None,
    ) -> Tensor:
        """x (B, T, D), context (B, S, D) or None for x itself → (B, T, D).

        Args:
            causal, mask, bias, scale: as in `ops.attention`.
            cache: without a context, x holds new positions: they attend to the cached ones and are appended to
                the cache. With a context, which does not change from step to step, the first call fills the
                cache and the others use it. For generation: no gradient flows into the cache.
            positions: (B, T) or (1, T), of x: queries and keys are turned by them (`ops.rotary`). Keys are cached
                as they were turned, since their positions do not change any more.

        Raises:
            ValueError: if a cache is used while gradients are recorded, or positions with a context.
        """
        if positions is not None and context is not None:
            raise ValueError("positions are those of x, whose keys they turn; they do not go with a context")
        if cache is not None and is_grad_enabled():
            raise ValueError("cache holds arrays that no gradient flows into: use it inside `with no_grad():`")
        q = self._heads(self.q(x), positions)  # (B, H, T, K)
        if cache is None:
            context = x if context is None else context
            k, v = self._heads(self.k(context), positions), self._heads(self.v(context))  # (B, H, S, K)
        else:
            if context is None or cache.length == 0:
                new = x if context is None else context
                cache.append(self._heads(self.k(new), positions).data, self._heads(self.v(new)).data)
            k, v = Tensor(cache.keys), Tensor(cache.values)
        attended = ops.attention(q, k, v, causal=causal, mask=mask, bias=bias, scale=scale)  # (B, H, T, K)
        return self.out(ops.merge_heads(attended))

    def _heads(self, x: Tensor, positions: Array | None = None) -> Tensor:
        """(B, T, H · K) → (B, H, T, K), turned by the positions."""
        heads = ops.split_heads(x, self.n_heads)
        return heads if positions is None else ops.rotary(heads, positions)
