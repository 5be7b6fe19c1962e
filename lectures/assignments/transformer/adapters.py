"""How the grader calls your code. Change a function only if your design differs from that of the handout."""

from __future__ import annotations

from typing import Any

import cache
import numpy as np

from minigrad import Tensor, ops
from minigrad.kernels.attention import reference

# -- 3.1 and 3.2 ------------------------------------------------------------------------------------


def attention(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray | None, bias: np.ndarray | None, causal: bool,
    scale: float,
) -> np.ndarray:  # fmt: skip
    """The output (B, H, T, K)."""
    with np.errstate(all="ignore"):
        return reference.attention_forward(q, k, v, mask, bias, causal, scale)[0]


def attention_gradient(
    grad: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, probs: np.ndarray, scale: float, name: str
) -> np.ndarray:
    """The gradient of q, k, v or the scores."""
    gradients = reference.attention_backward(grad, q, k, v, probs, scale)
    return dict(zip(("q", "k", "v", "scores"), gradients, strict=True))[name]


# -- 3.3 --------------------------------------------------------------------------------------------


def split(x: np.ndarray, n_heads: int) -> np.ndarray:
    """(B, T, H · K) → (B, H, T, K)."""
    return ops.split_heads(Tensor(x), n_heads).data


def merge(heads: np.ndarray) -> np.ndarray:
    """(B, H, T, K) → (B, T, H · K)."""
    return ops.merge_heads(Tensor(heads)).data


def split_gradient(x: np.ndarray, n_heads: int, grad: np.ndarray) -> np.ndarray:
    """What the rule of split_heads returns for x."""
    return _rule(ops.split_heads(Tensor(x, requires_grad=True), n_heads), grad)


def merge_gradient(heads: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """What the rule of merge_heads returns for the heads."""
    return _rule(ops.merge_heads(Tensor(heads, requires_grad=True)), grad)


def _rule(out: Tensor, grad: np.ndarray) -> np.ndarray:
    node: Any = out._node
    gradient = node.rule(grad)
    return gradient[0] if isinstance(gradient, tuple) else gradient


# -- 3.6 --------------------------------------------------------------------------------------------


def append(keys: np.ndarray, values: np.ndarray, new_keys: np.ndarray, new_values: np.ndarray) -> dict[str, Any]:
    """What a cache holds after appending."""
    one = cache.Cache(keys, values)
    one.append(new_keys, new_values)
    return _content(one)


def positions(n_cached: int, n_new: int) -> np.ndarray:
    """The positions of new tokens."""
    return cache.positions(n_cached, n_new)


def allowed(n_cached: int, n_new: int) -> np.ndarray:
    """The mask of new tokens."""
    return cache.allowed(n_cached, n_new)


def in_pieces(q: np.ndarray, k: np.ndarray, v: np.ndarray, lengths: list[int]) -> np.ndarray:
    """Causal attention over a text that comes in pieces of these lengths."""
    one = cache.Cache(k[:, :, :0], v[:, :, :0])
    out, start = [], 0
    for length in lengths:
        new = slice(start, start + length)
        mask = cache.allowed(one.length, length)
        one.append(k[:, :, new], v[:, :, new])
        out.append(cache.attend(q[:, :, new], one.keys, one.values, mask))
        start += length
    return np.concatenate(out, axis=2)


def beams(keys: np.ndarray, values: np.ndarray, new_keys: np.ndarray, new_values: np.ndarray) -> dict[str, Any]:
    """Two caches with the same past, after the first was continued."""
    first, second = cache.Cache(keys, values).fork(2)
    first.append(new_keys, new_values)
    return {"first": _content(first), "second": _content(second)}


def overwritten(keys: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """The keys of another cache and of the original, after those of one fork were overwritten."""
    original = cache.Cache(keys, values)
    one, other = original.fork(2)
    one.keys[:, :, 0] = 0
    return {"other": other.keys, "original": original.keys}


def _content(one: Any) -> dict[str, Any]:
    return {"keys": one.keys, "values": one.values}
