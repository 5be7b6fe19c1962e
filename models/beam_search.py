"""Beam search: look for the likeliest text instead of the likeliest next token.

Greedy decoding may take a likely token after which every continuation is unlikely. Beam search keeps the `n_beams`
likeliest beginnings (beams) at every length. It suits tasks with one right output, such as translation; in open-ended
generation, the likeliest text is dull and repeats itself.

    score(w_1 … w_n) = Σ_t log p(w_t | w_1 … w_{t-1}) / n^length_penalty

The search ends when no beam can become better than the worst hypothesis that is kept. The sum only falls as a text
grows, but with a positive length penalty the score, such as the mean, can still rise up to the last token. So the
bound divides the beam's sum by the penalty of the longest text. (This is transformers' `early_stopping="never"`; its
default, False, divides by the penalty of the current length and may miss a better, longer text.)

Source: Sutskever et al. 2014, "Sequence to Sequence Learning with Neural Networks", section 3.2; the
length penalty as in Wu et al. 2016, section 7, in the simple form (a power of the length).
"""

import math
from dataclasses import dataclass

import numpy as np

from minigrad import no_grad
from minigrad.checks import number, whole_number
from models.generation import NextLogits, append, check_in_vocabulary
from models.inputs import check_ids
from models.sampling import check_logits

LARGEST_LOG = 700.0  # e to this power is still a float


@dataclass(frozen=True)
class Hypothesis:
    """A text that beam search has found.

    Attributes:
        ids: (T,), the given beginning and the new tokens, with the end-of-sequence token if the text has ended.
        score: the sum of the new tokens' log-probabilities (nats), divided by their number to the power of
            length_penalty.
    """

    ids: np.ndarray
    score: float


@no_grad()
def beam_search(
    next_logits: NextLogits,
    ids: np.ndarray,
    max_new_tokens: int,
    n_beams: int = 4,
    length_penalty: float = 1.0,
    eos_id: int | None = None,
) -> list[Hypothesis]:
    """The likeliest continuations of one sequence: ids (1, T) → up to `n_beams` hypotheses, best first.

    Args:
        next_logits: `WithCache(model)` or `WithoutCache(model)`; for a T5, `WithCache(Output(t5, input_ids,
            repeat=n_beams))`. It is called with `n_beams` texts at a time.
        n_beams: may be larger than the vocabulary; if there are fewer texts, fewer are returned.
        length_penalty: 0 compares sums of log-probabilities, which favours short texts; 1 compares means; a
            negative one favours short texts even more.
        eos_id: the token that ends a hypothesis.

    Raises:
        ValueError: if ids are not one sequence, an argument is out of range, or the model has diverged.
        TypeError: if an argument is not a number, or not an integer where one is needed.
    """
    ids = check_ids(ids)  # int64, so that every id of the vocabulary fits
    whole_number("max_new_tokens", max_new_tokens, at_least=0)
    if len(ids) != 1:
        raise ValueError(f"ids must be one sequence, of shape (1, T), got {ids.shape}")
    whole_number("n_beams", n_beams, at_least=1)
    number("length_penalty", length_penalty)
    longest = max(max_new_tokens, 1)
    if abs(length_penalty) * math.log(longest) > LARGEST_LOG:
        raise ValueError(f"length_penalty must be smaller, {longest} ** {length_penalty} is no finite number")
    beams = np.repeat(ids, n_beams, axis=0)  # (N, T), the texts that have not ended
    # Their log-probabilities, (N,). All beams begin as the same text: -inf keeps the copies from being counted.
    totals = np.where(np.arange(n_beams) == 0, 0.0, -np.inf)
    finished: list[Hypothesis] = []
    for length in range(1, max_new_tokens + 1):
        logits = next_logits(beams, None)  # (N, V)
        check_logits(logits, length)
        check_in_vocabulary(logits.shape[-1], eos_id=eos_id)
        candidates = totals[:, None] + _log_softmax(logits)  # (N, V), every continuation by one token
        # Take 2N of them: each beam can end in one way only, so at least N do not end.
        best = np.argsort(-candidates, axis=None, kind="stable")[: 2 * n_beams]
        best = best[np.isfinite(candidates.flat[best])]  # drop copies and impossible tokens
        rows, tokens = np.unravel_index(best, candidates.shape)  # which beam, which token
        ends = np.zeros_like(best, bool) if eos_id is None else tokens == eos_id
        # A text that ends counts only if it is among the N best: a worse one would have left the beams.
        for place in np.flatnonzero(ends[:n_beams]):
            text = np.append(beams[rows[place]], tokens[place])
            finished.append(Hypothesis(text, float(candidates.flat[best[place]] / length**length_penalty)))
        finished = best_first(finished)[:n_beams]

        go_on = np.flatnonzero(~ends)[:n_beams]
        if len(go_on) == 0:
            return finished
        # If fewer than N texts continue, fill the batch with copies at -inf, which can never win.
        is_text = np.arange(n_beams) < len(go_on)
        go_on = np.resize(go_on, n_beams)
        totals = np.where(is_text, candidates.flat[best[go_on]], -np.inf)
        beams, _ = append(beams[rows[go_on]], None, tokens[go_on])  # (N, T + 1)
        next_logits.select(rows[go_on])  # the cache must follow: two beams may continue the same text
        best_length = longest if length_penalty > 0 else length
        if len(finished) == n_beams and totals[0] / best_length**length_penalty <= finished[-1].score:
            return finished  # totals[0] is the largest: no beam can become better than the worst that is kept
    scores = totals / longest**length_penalty
    finished += [Hypothesis(*beam) for beam in zip(beams, scores.tolist(), strict=True) if np.isfinite(beam[1])]
    return best_first(finished)[:n_beams]


def best_first(hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    """Sorted by score, the largest first."""
    return sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    """log p = z - log Σ exp z, with the maximum subtracted so that exp cannot overflow: (N, V) → (N, V)."""
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
