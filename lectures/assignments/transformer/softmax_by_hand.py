"""Attention in loops, one query at a time: what the exercises compare with."""

from __future__ import annotations

import numpy as np


def probabilities(
    q: np.ndarray, k: np.ndarray, allowed: np.ndarray, bias: np.ndarray | None, scale: float
) -> np.ndarray:
    """(B, H, T, K), (B, H, S, K) → (B, H, T, S). A query with no allowed key has zeros."""
    probs = np.zeros(allowed.shape)
    for b, h, t in np.ndindex(allowed.shape[:3]):
        keys = np.flatnonzero(allowed[b, h, t])
        if len(keys):
            scores = np.array([scale * float(q[b, h, t] @ k[b, h, s]) for s in keys])
            scores += 0 if bias is None else np.broadcast_to(bias, allowed.shape)[b, h, t, keys]
            weights = np.exp(scores - scores.max())
            probs[b, h, t, keys] = weights / weights.sum()
    return probs


def attended(probs: np.ndarray, v: np.ndarray) -> np.ndarray:
    """(B, H, T, S), (B, H, S, K) → (B, H, T, K)."""
    out = np.zeros((*probs.shape[:3], v.shape[3]))
    for b, h, t, s in np.ndindex(probs.shape):
        out[b, h, t] += probs[b, h, t, s] * v[b, h, s]
    return out


def causal_mask(n_queries: int, n_keys: int, *, sees_itself: bool = True) -> np.ndarray:
    """(T, S): whether query t, which is the last but T - 1 - t of S positions, may attend to key s."""
    allowed = np.zeros((n_queries, n_keys), dtype=bool)
    for t, s in np.ndindex(n_queries, n_keys):
        position = n_keys - n_queries + t
        allowed[t, s] = s < position or (sees_itself and s == position)
    return allowed
