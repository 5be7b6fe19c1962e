"""A key/value cache: the keys and values that stay the same while a text is generated. Exercise 3.6.

The library's version, `minigrad/nn/cache.py`, is longer because it leaves room for later positions, so that appending a
token does not copy all tokens before it.
"""

from __future__ import annotations

import numpy as np


class Cache:
    """The keys and values of one attention layer so far.

    Attributes:
        keys: (B, H, S, K).
        values: (B, H, S, K).
    """

    def __init__(self, keys: np.ndarray, values: np.ndarray) -> None:
        self.keys = keys
        self.values = values

    @property
    def length(self) -> int:
        """The number of positions, S."""
        return int(self.keys.shape[2])

    def append(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Append the keys and values (B, H, T, K) of T more positions."""
        self.keys = np.concatenate([self.keys, keys], axis=2)  # (B, H, S + T, K)
        self.values = np.concatenate([self.values, values], axis=2)

    def fork(self, n: int) -> list[Cache]:
        """n caches with these keys and values. They are independent: what happens to one does not change another."""
        return [Cache(self.keys.copy(), self.values.copy()) for _ in range(n)]


def positions(n_cached: int, n_new: int) -> np.ndarray:
    """The positions (T,) of T new tokens after n_cached tokens: the position embedding is looked up with them."""
    return np.arange(n_cached, n_cached + n_new)


def allowed(n_cached: int, n_new: int) -> np.ndarray:
    """(T, n_cached + T): whether new token t may attend to key s, which must not come after it."""
    return np.tri(n_new, n_cached + n_new, n_cached, dtype=bool)


def attend(q: np.ndarray, keys: np.ndarray, values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Softmax attention: q (B, H, T, K), keys and values (B, H, S, K), mask (T, S) → (B, H, T, K)."""
    scores = q @ keys.swapaxes(-1, -2) / np.sqrt(q.shape[-1])  # (B, H, T, S)
    weights = np.where(mask, np.exp(scores - scores.max(axis=-1, keepdims=True)), 0)  # (B, H, T, S)
    return weights / weights.sum(axis=-1, keepdims=True) @ values  # (B, H, T, K)
