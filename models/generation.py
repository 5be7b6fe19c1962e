"""Sampling from a language model: turn next-token logits into text, one token after the other.

Greedy decoding takes the likeliest token. Sampling draws one; temperature sharpens or flattens the
distribution, and top-k and nucleus sampling cut off its unreliable tail.

Sources: Fan et al. 2018, "Hierarchical Neural Story Generation" (top-k); Holtzman et al. 2020,
"The Curious Case of Neural Text Degeneration" (nucleus, top-p).
"""

from collections.abc import Callable

import numpy as np

from minigrad import Tensor, no_grad


def next_token_distribution(
    logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """The distribution to draw the next token from.

    Shapes: logits (B, V) → probabilities (B, V).

    Args:
        temperature: logits are divided by it; 0 means greedy, all probability on the likeliest.
        top_k: keep the k likeliest tokens.
        top_p: keep the smallest set of likeliest tokens with a total probability of at least top_p.

    Raises:
        ValueError: if an argument is out of range, or a logit is not a number.
    """
    if temperature < 0:
        raise ValueError(f"temperature must not be negative, got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie in (0, 1], got {top_p}")
    if np.isnan(logits).any():
        raise ValueError("logits must be numbers, got NaN: the model has diverged")
    logits = logits.astype(np.float64)
    likeliest = logits.argmax(axis=-1)
    if temperature == 0:
        return np.eye(logits.shape[-1])[likeliest]
    probs = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    probs /= probs.sum(axis=-1, keepdims=True)

    order = np.argsort(-probs, axis=-1, kind="stable")  # likeliest first; ties in the order of the ids
    ranked = np.take_along_axis(probs, order, axis=-1)
    keep = np.ones_like(ranked, dtype=bool)
    if top_k is not None:
        keep[:, top_k:] = False
    if top_p is not None:  # a token stays if those before it have not reached top_p yet
        keep &= np.cumsum(ranked, axis=-1) - ranked < top_p
    ranked = np.where(keep, ranked, 0)
    np.put_along_axis(probs, order, ranked / ranked.sum(axis=-1, keepdims=True), axis=-1)
    return probs


@no_grad()
def generate(
    model: Callable[[np.ndarray], Tensor],
    ids: np.ndarray,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    max_length: int | None = None,
) -> np.ndarray:
    """Continue each sequence by `max_new_tokens` tokens.

    Shapes: ids (B, T), T at least 1 → (B, T + max_new_tokens).

    Args:
        model: gives logits (B, T, V) for ids (B, T). Call its `eval()` first if it has dropout.
        temperature, top_k, top_p: see `next_token_distribution`.
        seed: of the draws. The same seed gives the same text.
        max_length: the model reads at most this many of the last tokens.

    Raises:
        ValueError: if there is no token to start from, or an argument is out of range.
    """
    ids = np.asarray(ids)
    if ids.ndim != 2 or ids.shape[1] < 1:
        raise ValueError(f"ids must have shape (B, T) with T at least 1, got {ids.shape}")
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens must not be negative, got {max_new_tokens}")
    if max_length is not None and max_length < 1:
        raise ValueError(f"max_length must be at least 1, got {max_length}")
    generator = np.random.default_rng(seed)
    for _ in range(max_new_tokens):
        window = ids if max_length is None else ids[:, -max_length:]
        logits = model(window).data[:, -1]
        probs = next_token_distribution(logits, temperature, top_k, top_p)
        draws = generator.random((len(ids), 1))
        drawn = (np.cumsum(probs, axis=-1) <= draws).sum(axis=-1)
        # Rounding can leave the last cumulative sum below the draw: fall back to the last possible token.
        last_possible = probs.shape[-1] - 1 - (probs[:, ::-1] > 0).argmax(axis=-1)
        ids = np.concatenate([ids, np.minimum(drawn, last_possible)[:, None].astype(ids.dtype)], axis=1)
    return ids
