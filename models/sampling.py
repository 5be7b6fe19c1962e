"""From the logits of a language model to its next token.

Greedy decoding takes the likeliest token. Sampling draws one from the model's distribution, after up to four changes.
They are made in this order, which is that of transformers:

    repetition penalty → temperature → top-k → softmax over the tokens that are left → top-p → renormalise

So top_p is a share of the probability of the tokens that top_k has kept.

Models may be on a GPU; their logits come to the CPU, where all tokens are drawn. A seed therefore means the same
everywhere.

Sources: Fan et al. 2018, "Hierarchical Neural Story Generation" (top-k); Holtzman et al. 2020,
"The Curious Case of Neural Text Degeneration" (nucleus sampling, top-p); Keskar et al. 2019, "CTRL", section 4.1
(repetition penalty).
"""

from dataclasses import dataclass

import numpy as np

from minigrad import ops
from minigrad.checks import number, whole_number


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen: greedily, or by drawing from a distribution that is cut to its reliable part.

    Attributes:
        temperature: the logits are divided by it. Below 1 it sharpens the distribution, above 1 it flattens it, and 0
            is greedy decoding.
        top_k: keep the k likeliest tokens, and those that are as likely as the k-th; None keeps all.
        top_p: of these, keep the smallest set of likeliest tokens whose share of the probability is at least top_p;
            None keeps all. Of equally likely tokens, those with smaller ids come first.
        repetition_penalty: above 1, tokens that are already in the text become less likely; 1 changes nothing.

    Raises:
        ValueError: if a value is out of range.
        TypeError: if a value is not a number, or top_k not an integer.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        number("temperature", self.temperature, at_least=0)
        if self.top_k is not None:
            whole_number("top_k", self.top_k, at_least=1)
        if self.top_p is not None:
            number("top_p", self.top_p, above=0, at_most=1)
        number("repetition_penalty", self.repetition_penalty, above=0)


PURE_SAMPLING = Sampling()  # draw from the model's own distribution
GREEDY = Sampling(temperature=0)  # take the likeliest token


def next_token_distribution(logits: np.ndarray, sampling: Sampling = PURE_SAMPLING) -> np.ndarray:
    """The distribution that the next token is drawn from: logits (B, V) → probabilities (B, V).

        p_i = exp(z_i / temperature) / Σ_j exp(z_j / temperature)   over the tokens that top_k and top_p keep

    The repetition penalty is not applied, because it depends on the text (`penalise_repetition`).

    Raises:
        ValueError: if no token can be drawn from a row (`check_logits`).
        TypeError: if sampling is not a `Sampling`.
    """
    check_sampling(sampling)
    check_logits(logits)
    if sampling.temperature == 0:  # the limit of small temperatures: all probability on the likeliest token
        probs = np.zeros(logits.shape)  # (B, V)
        np.put_along_axis(probs, logits.argmax(axis=-1)[:, None], 1, axis=-1)
        return probs
    # In float64: sums over a large vocabulary round too much in float32.
    logits = logits.astype(np.float64)
    if sampling.top_k is not None and sampling.top_k < logits.shape[-1]:
        kth = np.partition(logits, -sampling.top_k, axis=-1)[:, -sampling.top_k, None]  # (B, 1), the k-th largest
        logits = np.where(logits < kth, -np.inf, logits)  # a probability of 0
    with np.errstate(over="ignore"):  # a tiny temperature makes -inf of a difference, and 0 of the probability
        # Softmax does not change if a constant is subtracted. Subtracting the maximum keeps exp from overflowing.
        probs = np.exp((logits - logits.max(axis=-1, keepdims=True)) / sampling.temperature)
    probs /= probs.sum(axis=-1, keepdims=True)  # (B, V)
    if sampling.top_p is None or sampling.top_p == 1:
        return probs

    # Likeliest first, ties in the order of the ids: (B, V). Logits can differ where their probabilities round to one.
    order = np.argsort(-logits, axis=-1, kind="stable")
    ranked = np.take_along_axis(probs, order, axis=-1)  # (B, V), sorted
    # Keep a token if those before it do not reach top_p yet. The first is always kept, since nothing is before it.
    keep = np.cumsum(ranked, axis=-1) - ranked < sampling.top_p
    ranked = np.where(keep, ranked, 0)
    np.put_along_axis(probs, order, ranked / ranked.sum(axis=-1, keepdims=True), axis=-1)  # back in the ids' order
    return probs


def penalise_repetition(logits: np.ndarray, ids: np.ndarray, penalty: float) -> np.ndarray:
    """Make the tokens of the text less likely: logits (B, V), ids (B, T) → (B, V).

    Positive logits are divided by the penalty and negative ones multiplied, so that both become smaller. A penalty of
    1 changes nothing.

    Raises:
        ValueError: if penalty is not a positive number, or an id is not in the vocabulary.
    """
    number("repetition_penalty", penalty, above=0)
    ids = ops.check_ids(ids, logits.shape[-1])
    of_text = np.take_along_axis(logits, ids, axis=1)  # (B, T)
    logits = logits.copy()
    # A token that occurs several times is written several times, always with the same value: penalised once.
    np.put_along_axis(logits, ids, np.where(of_text < 0, of_text * penalty, of_text / penalty), axis=1)
    return logits


def likeliest(logits: np.ndarray) -> np.ndarray:
    """The token that greedy decoding takes: logits (B, V) → (B,). Of equally likely ones, the first.

    Raises:
        ValueError: if no token can be drawn from a row (`check_logits`).
    """
    check_logits(logits)  # argmax returns the index of a NaN if there is one
    return logits.argmax(axis=-1)


def draw(probs: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw a token for each row of probabilities: (B, V) → (B,).

    By inversion: with u uniform in [0, 1), the token i where p_0 + … + p_{i-1} ≤ u < p_0 + … + p_i.
    """
    drawn = (np.cumsum(probs, axis=-1) <= generator.random((len(probs), 1))).sum(axis=-1)  # (B,)
    # Rounding can leave the last cumulative sum below the draw: fall back to the last possible token.
    last_possible = probs.shape[-1] - 1 - (probs[:, ::-1] > 0).argmax(axis=-1)  # (B,)
    return np.minimum(drawn, last_possible)


def check_sampling(sampling: Sampling) -> None:
    """Raise TypeError unless this is a `Sampling`, for example if it is a temperature alone."""
    if not isinstance(sampling, Sampling):
        raise TypeError(f"sampling must be a Sampling, got {sampling!r} of type {type(sampling).__name__}")


def check_logits(logits: np.ndarray, step: int | None = None) -> None:
    """Raise ValueError, naming the first row, unless a token can be drawn from every row of logits (B, V).

    An impossible token has -inf. NaN, +inf, and a row of nothing but -inf come from a model that has diverged.
    """
    largest = logits.max(axis=-1)  # (B,); NaN if there is one in the row
    if np.isfinite(largest).all():
        return
    row = int(np.flatnonzero(~np.isfinite(largest))[0])
    found = {np.inf: "+inf", -np.inf: "nothing but -inf"}.get(float(largest[row]), "NaN")
    when = "" if step is None else f" at step {step}"
    raise ValueError(
        f"logits must be finite, or -inf for impossible tokens; got {found} in row {row}{when}: the model has diverged"
    )
