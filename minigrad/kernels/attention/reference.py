"""The specification of softmax attention.

Source: Vaswani et al. 2017, "Attention Is All You Need", equation 1.
"""

import numpy as np

from minigrad.array_type import Array


def attention_forward(
    q: Array, k: Array, v: Array, mask: Array | None, bias: Array | None, causal: bool, scale: float
) -> tuple[Array, Array]:
    """The output, and the attention probabilities (B, H, T, S) for the backward pass."""
    scores = scale * (q @ k.swapaxes(-1, -2))  # (B, H, T, S)
    if bias is not None:
        scores = scores + bias
    # Which keys each query may attend to: none after it under a causal mask, and no padding. If there are more keys
    # than queries (a cache), the queries are the last positions, hence the diagonal S - T.
    n_queries, n_keys = scores.shape[-2:]
    allowed = np.ones_like(scores, dtype=bool)  # (B, H, T, S)
    if causal:
        allowed &= np.tri(n_queries, n_keys, n_keys - n_queries, dtype=bool, like=scores)
    if mask is not None:
        allowed &= mask

    # Softmax over the allowed keys. Subtracting the row's highest score keeps exp from overflowing.
    lowest = np.finfo(scores.dtype).min
    highest = np.where(allowed, np.maximum(scores, lowest), lowest).max(axis=-1, keepdims=True) if n_keys else lowest
    weights = np.where(allowed, np.exp(np.minimum(scores - highest, 0)), 0)  # (B, H, T, S)
    total = weights.sum(axis=-1, keepdims=True)  # (B, H, T, 1)
    probs = weights / np.where(total == 0, 1, total)  # a query with no key to attend to: all zeros
    probs = probs.astype(q.dtype, copy=False)
    return probs @ v, probs  # (B, H, T, K), (B, H, T, S)


def attention_backward(
    grad: Array, q: Array, k: Array, v: Array, probs: Array, scale: float
) -> tuple[Array, Array, Array, Array]:
    """With out = P V, P = softmax(scores) and scores = scale q kᵀ + bias:

    dV = Pᵀ dout, dP = dout Vᵀ, dscores = P (dP - Σ_s P dP), dq = scale dscores k, dk = scale dscoresᵀ q.
    """
    grad_v = probs.swapaxes(-1, -2) @ grad  # (B, H, S, K)
    grad_probs = grad @ v.swapaxes(-1, -2)  # (B, H, T, S)
    # The probabilities of a row add up to 1: raising one score lowers the other probabilities, hence the sum.
    grad_scores = probs * (grad_probs - (grad_probs * probs).sum(axis=-1, keepdims=True))  # (B, H, T, S)
    grad_q = scale * (grad_scores @ k)  # (B, H, T, K)
    grad_k = scale * (grad_scores.swapaxes(-1, -2) @ q)  # (B, H, S, K)
    return grad_q, grad_k, grad_v, grad_scores
