"""Sampling from a language model: turn next-token logits into text, one token after the other.

Greedy decoding takes the likeliest token. Sampling draws one; temperature sharpens or flattens the
distribution, and top-k and nucleus sampling cut off its unreliable tail. A repetition penalty makes
the tokens of the text so far less likely. They act in this order, which is that of transformers:

    repetition penalty → temperature → top-k → softmax over what is left → top-p → softmax over what is left

so that top_p is a share of the probability of the tokens that top-k has kept.

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

from minigrad import Tensor, nn, no_grad, ops
from minigrad.checks import number, whole_number
from models.inputs import check_ids, check_mask


class NextLogits(Protocol):
    """What the loops need of a language model. `beam_search.py` needs `select` too."""

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> np.ndarray:
        """The logits of the token after the last: ids (B, T) → (B, V)."""
        ...

    def select(self, rows: np.ndarray) -> None:
        """From now on row i of the batch continues what was row `rows[i]`."""
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
        self.model, self.max_length = model, _checked_length(max_length)

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> np.ndarray:
        return self.model(*_window(ids, attention_mask, self.max_length))[:, -1].numpy()

    def select(self, rows: np.ndarray) -> None:
        """Nothing to do: nothing is kept."""


class Remembering:
    """Reads only the tokens that it has not read yet: attention keeps the keys and values of the others.

    One object may write several texts. A text that begins with all that was read before continues it. Any other
    text, and the same one with another attention_mask, empties the cache and is read from its start.
    The model's weights must not change in between, because the keys and values would be those of the old ones.

    A text longer than `max_length` is read again for each token: with its oldest token gone, all positions have moved.
    """

    def __init__(self, model: Decoder, max_length: int | None = None) -> None:
        self.model, self.max_length = model, _checked_length(max_length)
        self.cache = model.new_cache()
        self._read: tuple[np.ndarray, np.ndarray | None] | None = None  # the ids in the cache, and their mask

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> np.ndarray:
        if self.max_length is not None and ids.shape[1] > self.max_length:
            hidden = self.model.hidden_states(*_window(ids, attention_mask, self.max_length), None)
            return self.model.logits(hidden[:, -1]).numpy()
        if not self._is_continued_by(ids, attention_mask):
            self.cache = self.model.new_cache()
        self._read = None  # an error on the way may leave some layers with more positions than others
        hidden = self.model.hidden_states(ids[:, self.cache[0].length :], attention_mask, self.cache)
        self._read = ids.copy(), None if attention_mask is None else attention_mask.copy()
        return self.model.logits(hidden[:, -1]).numpy()

    def _is_continued_by(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> bool:
        """Whether these are the ids in the cache and at least one more."""
        if self._read is None:
            return False
        read, read_mask = self._read
        n_read = read.shape[1]
        if attention_mask is None or read_mask is None:
            same_mask = attention_mask is read_mask
        else:
            same_mask = np.array_equal(attention_mask[:, :n_read], read_mask)
        return n_read < ids.shape[1] and same_mask and np.array_equal(ids[:, :n_read], read)

    def select(self, rows: np.ndarray) -> None:
        """Row i continues the keys and values of row `rows[i]`."""
        for layer in self.cache:
            layer.select(rows)
        if self._read is not None:
            ids, attention_mask = self._read
            self._read = ids[rows], None if attention_mask is None else attention_mask[rows]


def _checked_length(max_length: int | None) -> int | None:
    return None if max_length is None else whole_number("max_length", max_length, at_least=1)


def _window(
    ids: np.ndarray, attention_mask: np.ndarray | None, max_length: int | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The last `max_length` tokens: (B, T) → (B, at most max_length)."""
    if max_length is None:
        return ids, attention_mask
    return ids[:, -max_length:], None if attention_mask is None else attention_mask[:, -max_length:]


def check_sampling(
    temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None, repetition_penalty: float = 1.0
) -> None:
    """Raise ValueError or TypeError if an argument of sampling is out of range or not a number."""
    number("temperature", temperature, at_least=0)
    if top_k is not None:
        whole_number("top_k", top_k, at_least=1)
    if top_p is not None:
        number("top_p", top_p, above=0, at_most=1)
    number("repetition_penalty", repetition_penalty, above=0)


def check_logits(logits: np.ndarray, step: int | None = None) -> None:
    """Raise ValueError, naming the first row, unless a token can be drawn from every row of logits (B, V).

    A token that is impossible has -inf. NaN, +inf, and a row of nothing but -inf come from a model that has diverged.
    """
    largest = logits.max(axis=-1)  # NaN if there is one in the row
    if np.isfinite(largest).all():
        return
    row = int(np.flatnonzero(~np.isfinite(largest))[0])
    found = {np.inf: "+inf", -np.inf: "nothing but -inf"}.get(float(largest[row]), "NaN")
    when = "" if step is None else f" at step {step}"
    raise ValueError(
        f"logits must be finite, or -inf for impossible tokens; got {found} in row {row}{when}: the model has diverged"
    )


def check_in_vocabulary(vocab_size: int, **ids: int | None) -> None:
    """Raise ValueError or TypeError unless each of these ids, by name, is None or a token of the vocabulary."""
    for name, id in ids.items():
        if id is not None and not 0 <= whole_number(name, id) < vocab_size:
            raise ValueError(f"{name} must lie in [0, {vocab_size}), the vocabulary, got {id}")


def likeliest(logits: np.ndarray) -> np.ndarray:
    """The token that greedy decoding takes: logits (B, V) → (B,). Of several the first.

    Raises:
        ValueError: if no token can be drawn from a row (`check_logits`).
    """
    check_logits(logits)
    return logits.argmax(axis=-1)


def next_token_distribution(
    logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """The distribution to draw the next token from.

    Shapes: logits (B, V) → probabilities (B, V).

    Args:
        temperature: logits are divided by it; 0 means greedy, all probability on the likeliest.
        top_k: keep the k likeliest tokens, and those that are as likely as the k-th.
        top_p: of these, keep the smallest set of likeliest tokens with a share of at least top_p in their
            probability. Of equally likely tokens those with smaller ids come first.

    Raises:
        ValueError: if an argument is out of range, or no token can be drawn from a row (`check_logits`).
        TypeError: if an argument is not a number.
    """
    check_sampling(temperature, top_k, top_p)
    check_logits(logits)
    if temperature == 0:
        probs = np.zeros(logits.shape)
        np.put_along_axis(probs, logits.argmax(axis=-1)[:, None], 1, axis=-1)
        return probs
    logits = logits.astype(np.float64)
    if top_k is not None and top_k < logits.shape[-1]:
        kth = np.partition(logits, -top_k, axis=-1)[:, -top_k, None]  # (B, 1)
        logits = np.where(logits < kth, -np.inf, logits)
    with np.errstate(over="ignore"):  # a tiny temperature makes -inf of a difference, and 0 of the probability
        probs = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    probs /= probs.sum(axis=-1, keepdims=True)
    if top_p is None or top_p == 1:
        return probs

    order = np.argsort(-probs, axis=-1, kind="stable")  # likeliest first; ties in the order of the ids
    ranked = np.take_along_axis(probs, order, axis=-1)
    keep = np.cumsum(ranked, axis=-1) - ranked < top_p  # those before it have not reached top_p yet
    ranked = np.where(keep, ranked, 0)
    np.put_along_axis(probs, order, ranked / ranked.sum(axis=-1, keepdims=True), axis=-1)
    return probs


def penalise_repetition(logits: np.ndarray, ids: np.ndarray, penalty: float) -> np.ndarray:
    """Make the tokens of the text less likely: divide their logits by the penalty, or multiply them where they are
    negative.

    Shapes: logits (B, V), ids (B, T) → (B, V). A penalty of 1 changes nothing.

    Raises:
        ValueError: if penalty is not a positive number, or an id is not in the vocabulary.
    """
    number("repetition_penalty", penalty, above=0)
    ids = ops.check_ids(ids, logits.shape[-1])
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
        attention_mask: (B, T), 1 where there is a token. Padding must be on the left.
        repetition_penalty: see `penalise_repetition`.
        eos_id: ends a sequence; what follows it is `pad_id` (None: eos_id again).
        on_token: called with the ids so far after each new token, to show them.

    Raises:
        ValueError: if there is no token to start from, an argument is out of range, or the model has diverged; the
            message names the row and the step, from 1.
        TypeError: if an argument is not a number, or not an integer where one is needed.
    """
    ids = check_ids(ids)  # int64, so that every id of the vocabulary fits
    attention_mask = check_mask(attention_mask, ids)
    whole_number("max_new_tokens", max_new_tokens, at_least=0)
    if attention_mask is not None and not attention_mask[:, -1].all():
        raise ValueError("attention_mask must end with a token in each row: put the padding on the left")
    check_sampling(temperature, top_k, top_p, repetition_penalty)
    generator = np.random.default_rng(whole_number("seed", seed, at_least=0))
    ended = np.zeros(len(ids), dtype=bool)
    for step in range(1, max_new_tokens + 1):
        logits = next_logits(ids, attention_mask)
        check_logits(logits, step)
        check_in_vocabulary(logits.shape[-1], eos_id=eos_id, pad_id=pad_id)
        if repetition_penalty != 1:
            # Padding is not text: replace it by the row's last token, so that the penalty ignores it.
            text = ids if attention_mask is None else np.where(attention_mask, ids, ids[:, -1:])
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
