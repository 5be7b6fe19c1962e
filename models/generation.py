"""Sampling from a language model: turn next-token logits into text, one token after the other.

Greedy decoding takes the likeliest token. Sampling draws one; temperature sharpens or flattens the
distribution, and top-k and nucleus sampling cut off its unreliable tail. A repetition penalty makes
what already stands in the text less likely.

Models may be on a GPU; their logits come to the CPU, where all drawing is done, so that a seed means the same.

The loop asks a function for the logits of the next token. There are two such functions: `Rereading` lets
the model read the whole text for each new token, which is simple and slow; `Remembering` lets it read
only what is new, and keeps what attention has computed of the rest. The text is the same.

Sources: Fan et al. 2018, "Hierarchical Neural Story Generation" (top-k); Holtzman et al. 2020,
"The Curious Case of Neural Text Degeneration" (nucleus, top-p); Keskar et al. 2019, "CTRL", section 4.1
(repetition penalty).
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from minigrad import Tensor, nn, no_grad
from models.inputs import check_ids, check_mask

DIVERGED = "logits must be numbers, got NaN: the model has diverged"


class NextLogits(Protocol):
    """What the loops need of a language model. `beam_search.py` needs `select` too."""

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> np.ndarray:
        """The logits of the token after the last: ids (B, T) → (B, V)."""
        ...

    def select(self, rows: np.ndarray) -> None:
        """From now on row i of the batch goes on from what was row `rows[i]`."""
        ...


class Decoder(Protocol):
    """What `Remembering` needs of a model: hidden states of new tokens, given a cache of the others'."""

    def new_cache(self) -> list[nn.KeyValueCache]: ...

    def hidden_states(
        self, ids: np.ndarray, attention_mask: np.ndarray | None, cache: list[nn.KeyValueCache] | None
    ) -> Tensor: ...

    def logits(self, hidden: Tensor) -> Tensor: ...


class Rereading:
    """Reads the whole text for each new token, or as many of its last tokens as `max_length` allows.

    Args:
        model: gives logits (B, T, V) for ids (B, T) and their attention_mask (or None).
    """

    def __init__(self, model: Callable[[np.ndarray, np.ndarray | None], Tensor], max_length: int | None = None) -> None:
        if max_length is not None and max_length < 1:
            raise ValueError(f"max_length must be at least 1, got {max_length}")
        self.model, self.max_length = model, max_length

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> np.ndarray:
        if self.max_length is not None:
            ids = ids[:, -self.max_length :]
            attention_mask = None if attention_mask is None else attention_mask[:, -self.max_length :]
        return self.model(ids, attention_mask)[:, -1].numpy()

    def select(self, rows: np.ndarray) -> None:
        """Nothing to do: nothing is kept."""


class Remembering:
    """Reads only the tokens that it has not read yet: attention keeps the keys and values of the others.

    A text longer than `max_length` has to be read anew for each token: with its oldest token gone, all
    positions have moved.
    """

    def __init__(self, model: Decoder, max_length: int | None = None) -> None:
        self.model, self.max_length = model, max_length
        self.cache = model.new_cache()

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> np.ndarray:
        cache: list[nn.KeyValueCache] | None = self.cache
        new = ids[:, self.cache[0].length :]
        if self.max_length is not None and ids.shape[1] > self.max_length:
            cache, new = None, ids[:, -self.max_length :]
            attention_mask = None if attention_mask is None else attention_mask[:, -self.max_length :]
        hidden = self.model.hidden_states(new, attention_mask, cache)
        return self.model.logits(hidden[:, -1]).numpy()

    def select(self, rows: np.ndarray) -> None:
        """Row i goes on from the keys and values of row `rows[i]`."""
        for layer in self.cache:
            layer.select(rows)


def check_dials(temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raise ValueError if an argument of sampling is out of range."""
    if temperature < 0:
        raise ValueError(f"temperature must not be negative, got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must lie in (0, 1], got {top_p}")


def likeliest(logits: np.ndarray) -> np.ndarray:
    """The token that greedy decoding takes: logits (B, V) → (B,). Of several the first.

    Raises:
        ValueError: if a logit is not a number.
    """
    ids = logits.argmax(axis=-1)  # of what is not a number, if there is such
    if np.isnan(logits[np.arange(len(logits)), ids]).any():
        raise ValueError(DIVERGED)
    return ids


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
    check_dials(temperature, top_k, top_p)
    if temperature == 0:
        probs = np.zeros(logits.shape)
        np.put_along_axis(probs, likeliest(logits)[:, None], 1, axis=-1)
        return probs
    if np.isnan(logits).any():
        raise ValueError(DIVERGED)
    logits = logits.astype(np.float64)
    with np.errstate(over="ignore"):  # a tiny temperature makes -inf of a difference, and 0 of the probability
        probs = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    probs /= probs.sum(axis=-1, keepdims=True)
    if top_k is None and top_p is None:
        return probs

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


def penalise_repetition(logits: np.ndarray, ids: np.ndarray, penalty: float) -> np.ndarray:
    """Make the tokens that stand in the text less likely: divide their logits by the penalty, or multiply
    where they are negative.

    Shapes: logits (B, V), ids (B, T) → (B, V). A penalty of 1 changes nothing.

    Raises:
        ValueError: if penalty is not positive.
    """
    if penalty <= 0:
        raise ValueError(f"repetition_penalty must be positive, got {penalty}")
    of_text = np.take_along_axis(logits, ids, axis=1)
    logits = logits.copy()
    np.put_along_axis(logits, ids, np.where(of_text < 0, of_text * penalty, of_text / penalty), axis=1)
    return logits


@no_grad()
def generate(
    next_logits: Callable[[np.ndarray, np.ndarray | None], np.ndarray],
    ids: np.ndarray,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    *,
    attention_mask: np.ndarray | None = None,
    repetition_penalty: float = 1.0,
    eos_id: int | None = None,
    pad_id: int | None = None,
    on_token: Callable[[np.ndarray], object] | None = None,
) -> np.ndarray:
    """Continue each sequence by `max_new_tokens` tokens.

    Shapes: ids (B, T), T at least 1 → (B, T + max_new_tokens), or shorter if all sequences have ended.

    Args:
        next_logits: `Rereading(model)` or `Remembering(model)`. Call the model's `eval()` first if it has dropout.
        temperature, top_k, top_p: see `next_token_distribution`.
        seed: of the draws. The same seed gives the same text.
        attention_mask: (B, T), 1 where there is a token. Padding stands on the left.
        repetition_penalty: see `penalise_repetition`.
        eos_id: ends a sequence; what follows it is `pad_id` (None: eos_id again).
        on_token: called with the ids so far after each new token, to show them.

    Raises:
        ValueError: if there is no token to start from, or an argument is out of range.
    """
    ids = check_ids(ids)  # int64, so that every id of the vocabulary fits
    attention_mask = check_mask(attention_mask, ids)
    check_start(ids, max_new_tokens, attention_mask)
    check_dials(temperature, top_k, top_p)
    generator = np.random.default_rng(seed)
    ended = np.zeros(len(ids), dtype=bool)
    for _ in range(max_new_tokens):
        logits = next_logits(ids, attention_mask)
        if repetition_penalty != 1:  # of what stands in the text, padding does not (the last token always does)
            text = ids if attention_mask is None else np.where(attention_mask == 1, ids, ids[:, -1:])
            logits = penalise_repetition(logits, text, repetition_penalty)
        if temperature == 0:
            new = likeliest(logits)
        else:
            new = draw(next_token_distribution(logits, temperature, top_k, top_p), generator)
        if eos_id is not None:
            new[ended] = eos_id if pad_id is None else pad_id
            ended |= new == eos_id
        ids, attention_mask = append(ids, attention_mask, new)
        if on_token is not None:
            on_token(ids)
        if ended.all():
            break
    return ids


def check_start(ids: np.ndarray, max_new_tokens: int, attention_mask: np.ndarray | None) -> None:
    """Raise ValueError unless a text can go on from these ids."""
    if ids.ndim != 2 or ids.shape[1] < 1:
        raise ValueError(f"ids must have shape (B, T) with T at least 1, got {ids.shape}")
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens must not be negative, got {max_new_tokens}")
    check_mask(attention_mask, ids)
    if attention_mask is not None and not attention_mask[:, -1].all():
        raise ValueError("attention_mask must end with a token in each row: put the padding on the left")


def draw(probs: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A token for each row of probabilities (B, V) → (B,)."""
    drawn = (np.cumsum(probs, axis=-1) <= generator.random((len(probs), 1))).sum(axis=-1)
    # Rounding can leave the last cumulative sum below the draw: fall back to the last possible token.
    last_possible = probs.shape[-1] - 1 - (probs[:, ::-1] > 0).argmax(axis=-1)
    return np.minimum(drawn, last_possible)


def append(ids: np.ndarray, attention_mask: np.ndarray | None, new: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """One more token in each row: ids (B, T), attention_mask (B, T) or None, new (B,)."""
    ids = np.concatenate([ids, new[:, None]], axis=1)
    if attention_mask is not None:
        ones = np.ones_like(attention_mask, shape=(len(ids), 1))
        attention_mask = np.concatenate([attention_mask, ones], axis=1)
    return ids, attention_mask
