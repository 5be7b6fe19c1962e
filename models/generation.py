"""Generating text: ask a language model for the next token, append it, and ask again.

How the token is chosen from the logits is in `sampling.py`. How the logits are computed is one of two classes, which
give the same text:

    WithoutCache    the model reads the whole text for each new token: simple and slow
    WithCache       the model reads only the new token; a key/value cache holds what attention needs of the others

so that `generate(WithCache(gpt), ids, 20)` continues a text by 20 tokens. The models' own `generate` methods call it.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from minigrad import Tensor, nn, no_grad
from minigrad.checks import whole_number
from models.inputs import check_ids, check_mask
from models.sampling import (
    PURE_SAMPLING,
    Sampling,
    check_logits,
    check_sampling,
    draw,
    likeliest,
    next_token_distribution,
    penalise_repetition,
)


class NextLogits(Protocol):
    """A language model as `generate` and `beam_search` see it; only beam search calls `select`."""

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> np.ndarray:
        """The logits of the token after the last: ids (B, T) → (B, V)."""
        ...

    def select(self, rows: np.ndarray) -> None:
        """Reorder the batch: row i now continues the text that was in row `rows[i]`."""
        ...


@no_grad()
def generate(
    next_logits: Callable[[np.ndarray, np.ndarray | None], np.ndarray],
    ids: np.ndarray,
    max_new_tokens: int,
    sampling: Sampling = PURE_SAMPLING,
    *,
    seed: int = 0,
    attention_mask: np.ndarray | None = None,
    eos_id: int | None = None,
    pad_id: int | None = None,
    on_token: Callable[[np.ndarray], object] | None = None,
) -> np.ndarray:
    """Continue each sequence by `max_new_tokens` tokens.

    Shapes: ids (B, T), T at least 1 → (B, T + max_new_tokens), or shorter if all sequences have ended.

    Args:
        next_logits: `WithCache(model)` or `WithoutCache(model)`. Call the model's `eval()` first if it has dropout.
        sampling: how a token is chosen from the logits, such as `GREEDY` or `Sampling(temperature=0.8, top_k=40)`.
        seed: of the draws. The same seed gives the same text.
        attention_mask: (B, T), 1 where there is a token. Padding must be on the left.
        eos_id: the token that ends a sequence. After it, the row is filled with `pad_id` (None: with eos_id).
        on_token: called with all ids so far after each new token, to show them.

    Raises:
        ValueError: if there is no token to start from, an argument is out of range, or the model has diverged; the
            message names the row and the step, from 1.
        TypeError: if sampling is not a `Sampling`, or a number is not an integer.
    """
    ids = check_ids(ids)  # (B, T) int64, so that every id of the vocabulary fits
    attention_mask = check_mask(attention_mask, ids)
    whole_number("max_new_tokens", max_new_tokens, at_least=0)
    if attention_mask is not None and not attention_mask[:, -1].all():
        raise ValueError("attention_mask must end with a token in each row: put the padding on the left")
    check_sampling(sampling)
    generator = np.random.default_rng(whole_number("seed", seed, at_least=0))
    ended = np.zeros(len(ids), dtype=bool)  # (B,)
    for step in range(1, max_new_tokens + 1):
        logits = next_logits(ids, attention_mask)  # (B, V)
        check_logits(logits, step)
        check_in_vocabulary(logits.shape[-1], eos_id=eos_id, pad_id=pad_id)
        if sampling.repetition_penalty != 1:
            # Padding is not text: replace it by the row's last token, so that the penalty ignores it.
            text = ids if attention_mask is None else np.where(attention_mask, ids, ids[:, -1:])  # (B, T)
            logits = penalise_repetition(logits, text, sampling.repetition_penalty)
        if sampling.temperature == 0:
            new = likeliest(logits)  # (B,)
        else:
            new = draw(next_token_distribution(logits, sampling), generator)  # (B,)
        if eos_id is not None:
            # All rows of a batch grow together, so a row that has ended is padded until the others have.
            new[ended] = eos_id if pad_id is None else pad_id
            ended |= new == eos_id
        ids, attention_mask = append(ids, attention_mask, new)  # (B, T + 1)
        if on_token is not None:
            on_token(ids)
        if ended.all():
            break
    return ids


def append(ids: np.ndarray, attention_mask: np.ndarray | None, new: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Append a token to each row: ids (B, T), attention_mask (B, T) or None, new (B,) → (B, T + 1) each."""
    ids = np.concatenate([ids, new[:, None]], axis=1)
    if attention_mask is not None:
        ones = np.ones_like(attention_mask, shape=(len(ids), 1))
        attention_mask = np.concatenate([attention_mask, ones], axis=1)
    return ids, attention_mask


def check_in_vocabulary(vocab_size: int, **ids: int | None) -> None:
    """Raise ValueError or TypeError unless each of these ids, by name, is None or a token of the vocabulary."""
    for name, id in ids.items():
        if id is not None and not 0 <= whole_number(name, id) < vocab_size:
            raise ValueError(f"{name} must lie in [0, {vocab_size}), the vocabulary, got {id}")


# -- the logits of the next token -------------------------------------------------------------------


class WithoutCache:
    """Reads the whole text for each new token, or its last `max_length` tokens.

    Args:
        model: ids (B, T) and their attention_mask (B, T) or None → logits (B, T, V).
    """

    def __init__(self, model: Callable[[np.ndarray, np.ndarray | None], Tensor], max_length: int | None = None) -> None:
        self.model, self.max_length = model, _checked_length(max_length)

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> np.ndarray:
        logits = self.model(*_window(ids, attention_mask, self.max_length))  # (B, T, V)
        return logits[:, -1].numpy()  # (B, V)

    def select(self, rows: np.ndarray) -> None:
        """Does nothing, because nothing is kept between calls."""


class Decoder(Protocol):
    """What `WithCache` needs of a model: the hidden states of new tokens, given a cache of the earlier ones."""

    def new_cache(self) -> list[nn.KeyValueCache]: ...

    def hidden_states(
        self, ids: np.ndarray, attention_mask: np.ndarray | None, cache: list[nn.KeyValueCache] | None
    ) -> Tensor: ...

    def logits(self, hidden: Tensor) -> Tensor: ...


class WithCache:
    """Reads only the tokens that are new since the last call; a key/value cache holds the others' keys and values.

    One object can generate several texts. If a text begins with everything that was read before, the cache is reused.
    Otherwise, or if the attention_mask differs, the cache is emptied and the text is read from its start.
    The model's weights must not change between calls, because the cache was computed with the old ones.

    A text longer than `max_length` is read without the cache: dropping its oldest token moves all positions, and the
    cached keys belong to the old ones.
    """

    def __init__(self, model: Decoder, max_length: int | None = None) -> None:
        self.model, self.max_length = model, _checked_length(max_length)
        self.cache = model.new_cache()
        self._cached: tuple[np.ndarray, np.ndarray | None] | None = None  # the ids in the cache, and their mask

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> np.ndarray:
        if self.max_length is not None and ids.shape[1] > self.max_length:
            hidden = self.model.hidden_states(*_window(ids, attention_mask, self.max_length), None)  # (B, T, D)
            return self.model.logits(hidden[:, -1]).numpy()  # (B, V)
        if not self._continues_cached(ids, attention_mask):
            self.cache = self.model.new_cache()
        # An error below leaves some layers with more positions than others: such a cache must not be reused.
        self._cached = None
        new_ids = ids[:, self.cache[0].length :]  # (B, T_new)
        hidden = self.model.hidden_states(new_ids, attention_mask, self.cache)  # (B, T_new, D)
        self._cached = ids.copy(), None if attention_mask is None else attention_mask.copy()
        return self.model.logits(hidden[:, -1]).numpy()  # (B, V): no other position's logits are needed

    def _continues_cached(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> bool:
        """Whether these are the cached ids, with the same mask, and at least one more."""
        if self._cached is None:
            return False
        cached, cached_mask = self._cached
        n_cached = cached.shape[1]
        if attention_mask is None or cached_mask is None:
            same_mask = attention_mask is cached_mask
        else:
            same_mask = np.array_equal(attention_mask[:, :n_cached], cached_mask)
        return n_cached < ids.shape[1] and same_mask and np.array_equal(ids[:, :n_cached], cached)

    def select(self, rows: np.ndarray) -> None:
        """Reorder the cache: row i continues the keys and values that were in row `rows[i]`."""
        for layer in self.cache:
            layer.select(rows)
        if self._cached is not None:
            ids, attention_mask = self._cached
            self._cached = ids[rows], None if attention_mask is None else attention_mask[rows]


def _checked_length(max_length: int | None) -> int | None:
    return None if max_length is None else whole_number("max_length", max_length, at_least=1)


def _window(
    ids: np.ndarray, attention_mask: np.ndarray | None, max_length: int | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The last `max_length` tokens: (B, T) → (B, at most max_length)."""
    if max_length is None:
        return ids, attention_mask
    return ids[:, -max_length:], None if attention_mask is None else attention_mask[:, -max_length:]
