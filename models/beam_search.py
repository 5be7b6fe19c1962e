"""Beam search: look for the likeliest text instead of the likeliest next token.

Greedy decoding may take a likely word that leads nowhere. Beam search keeps the `n_beams` likeliest
beginnings at every length. It suits tasks with one right output, such as translation; in open-ended
text the likeliest is dull and repeats itself.

Source: Sutskever et al. 2014, "Sequence to Sequence Learning with Neural Networks", section 3.2; the
length penalty as in Wu et al. 2016, section 7, in the simple form (a power of the length).
"""

from dataclasses import dataclass

import numpy as np

from minigrad import no_grad
from models.generation import NextLogits, append, check_start
from models.inputs import check_ids


@dataclass(frozen=True)
class Hypothesis:
    """A text that beam search found.

    Attributes:
        ids: (T,), with the beginning that was given, and the end-of-sequence token if it ends with one.
        score: the sum of the new tokens' log-probabilities (nats), divided by their number to the power
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
        next_logits: `Rereading(model)` or `Remembering(model)`; for a T5 `Remembering(Output(t5, input_ids,
            repeat=n_beams))`. It is asked about `n_beams` texts at a time.
        length_penalty: 0 compares sums of log-probabilities, which favours short texts; 1 compares means.
        eos_id: ends a hypothesis.

    Raises:
        ValueError: if ids are not one sequence, or an argument is out of range.
    """
    ids = check_ids(ids)  # int64, so that every id of the vocabulary fits
    check_start(ids, max_new_tokens, None)
    if len(ids) != 1:
        raise ValueError(f"ids must be one sequence, of shape (1, T), got {ids.shape}")
    if n_beams < 1:
        raise ValueError(f"n_beams must be at least 1, got {n_beams}")
    beams = np.repeat(ids, n_beams, axis=0)  # the texts that go on, (N, T)
    totals = np.where(np.arange(n_beams) == 0, 0.0, -np.inf)  # their log-probabilities; at first they are all one
    finished: list[Hypothesis] = []
    for length in range(1, max_new_tokens + 1):
        log_probs = _log_softmax(next_logits(beams, None))  # (N, V)
        candidates = totals[:, None] + log_probs
        # Twice as many as there are beams: even if half of them end here, enough go on.
        best = np.argsort(-candidates, axis=None, kind="stable")[: 2 * n_beams]
        rows, tokens = np.unravel_index(best, candidates.shape)
        ends = np.zeros_like(best, bool) if eos_id is None else tokens == eos_id
        for place in np.flatnonzero(ends[:n_beams]):
            text = np.append(beams[rows[place]], tokens[place])
            finished.append(Hypothesis(text, candidates.flat[best[place]] / length**length_penalty))
        finished = best_first(finished)[:n_beams]

        go_on = np.flatnonzero(~ends)[:n_beams]
        totals = candidates.flat[best[go_on]]
        beams, _ = append(beams[rows[go_on]], None, tokens[go_on])
        next_logits.select(rows[go_on])
        if len(finished) == n_beams and totals[0] / length**length_penalty <= finished[-1].score:
            return finished  # no beam can still become better than the worst that is kept
    scores = totals / max(max_new_tokens, 1) ** length_penalty
    finished += [Hypothesis(*beam) for beam in zip(beams, scores, strict=True) if np.isfinite(beam[1])]
    return best_first(finished)[:n_beams]


def best_first(hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    """In the order of their scores."""
    return sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
