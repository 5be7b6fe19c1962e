"""Finetuning an encoder to find an answer in a text: where does it start, and where does it end?

    input    [CLS] question [SEP] context [SEP]
    start    p(i) = softmax over i of S · h_i
    end      p(j) = softmax over j of E · h_j

Only the vectors S and E are new. The answer is the span i ≤ j with the largest S · h_i + E · h_j. If a question has
no answer, its span is [CLS] alone.

Source: Devlin et al. 2018, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
sections 4.2 (SQuAD 1.1) and 4.3 (SQuAD 2.0, no answer).
"""

import numpy as np

from minigrad import Tensor, nn, ops
from minigrad.checks import integers, number, whole_number, zero_one_mask
from models.finetuning.cls_token import Encoder, check_cls
from models.finetuning.heads import new_head
from models.inputs import check_ids

NOWHERE = -1e9  # the logit of padding: probability 0, but finite, so that no loss or gradient becomes NaN


class SpanExtractor(nn.Module):
    """Start and end logits of each position. S and E are the two rows of `head.weight`.

    There is no bias: it would add the same number to every position, which does not change the softmax.
    """

    def __init__(self, model: Encoder, d_model: int, generator: np.random.Generator | None = None) -> None:
        self.model = model
        self.head = new_head(d_model, 2, generator)
        self.head.bias = None

    def forward(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, token_type_ids: np.ndarray | None = None
    ) -> tuple[Tensor, Tensor]:
        """Logits of starts and of ends: ids, attention_mask and token_type_ids (B, T) → (B, T), (B, T).

        Padding gets probability 0, so that a question has the same loss in every batch.

        Raises:
            ValueError: if a row has padding where [CLS] belongs, or as for the model below.
            TypeError: as for the model below.
        """
        ids = check_ids(ids)
        attention_mask = check_cls(attention_mask, ids)
        hidden = self.model.hidden_states(ids, attention_mask, token_type_ids)  # (B, T, D)
        logits = self.head(hidden)  # (B, T, 2)
        if attention_mask is not None:
            logits = ops.where(attention_mask[..., None], logits, NOWHERE)  # (B, T, 1) broadcasts
        return logits[:, :, 0], logits[:, :, 1]


def span_loss(start_logits: Tensor, end_logits: Tensor, starts: np.ndarray, ends: np.ndarray) -> Tensor:
    """The mean of two cross entropies, of the start and of the end, in nats.

    Shapes: start_logits and end_logits (B, T), starts and ends (B,) → (). `ends` are the positions of each answer's
    last token, not of the one after it. Without an answer both are 0, the position of [CLS].

    Raises:
        ValueError: if a span ends before it starts, or lies outside of the T positions, or a shape differs.
        TypeError: if starts or ends are not integers.
    """
    check_logits(start_logits, end_logits)
    starts, ends = integers("starts", starts), integers("ends", ends)
    for name, places in (("starts", starts), ("ends", ends)):
        if places.shape != start_logits.shape[:1]:
            raise ValueError(f"{name} must have shape (B,) = {start_logits.shape[:1]}, got {places.shape}")
    if np.any(ends < starts):
        row = int(np.argmax(ends < starts))
        raise ValueError(f"ends must not come before starts, got {starts[row]} … {ends[row]} in row {row}")
    length = start_logits.shape[1]
    if np.any(starts < 0) or np.any(ends >= length):
        row = int(np.argmax((starts < 0) | (ends >= length)))
        raise ValueError(f"spans must lie in [0, {length}), got {starts[row]} … {ends[row]} in row {row}")
    # A position is the class here: a softmax over the T positions of a row.
    return (ops.cross_entropy(start_logits, starts) + ops.cross_entropy(end_logits, ends)) * 0.5


def check_logits(start_logits: Tensor | np.ndarray, end_logits: Tensor | np.ndarray) -> None:
    """Raise ValueError unless both have the same shape (B, T), with B and T at least 1."""
    if start_logits.ndim != 2 or start_logits.size == 0:
        raise ValueError(f"start_logits must have shape (B, T) with B and T at least 1, got {start_logits.shape}")
    if end_logits.shape != start_logits.shape:
        raise ValueError(
            f"end_logits must have the shape of start_logits, {start_logits.shape}, got {end_logits.shape}"
        )


def best_spans(
    start_logits: np.ndarray, end_logits: np.ndarray, context_mask: np.ndarray, max_length: int = 30
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The likeliest span of each row: that with the largest start + end logit (of several, the first).

    Shapes: (B, T) each → starts, ends and scores (B,).

    Args:
        context_mask: 1 where an answer may lie; all its tokens must. For BERT's input this is
            `(token_type_ids == 1) & (ids != sep_id)`.
        max_length: the most tokens that an answer may have.

    Raises:
        ValueError: if max_length is less than 1, a row has no place for an answer, a shape differs, a logit is NaN,
            or context_mask holds a number other than 0 and 1.
        TypeError: if max_length is not an integer, or context_mask holds neither integers nor booleans.
    """
    max_length = whole_number("max_length", max_length, at_least=1)
    check_logits(start_logits, end_logits)
    if np.isnan(start_logits).any() or np.isnan(end_logits).any():
        raise ValueError("start_logits and end_logits must be numbers, got NaN: the model has diverged")
    allowed = zero_one_mask("context_mask", context_mask, "an answer may lie")
    if allowed.shape != start_logits.shape:
        raise ValueError(f"context_mask must have the shape of start_logits, {start_logits.shape}, got {allowed.shape}")
    if not np.all(allowed.any(axis=1)):
        raise ValueError(f"context_mask has a row without a 1: row {int(np.argmin(allowed.any(axis=1)))}")
    batch, length = start_logits.shape
    # All spans at once: entry (i, j) of a T × T table is the span from i to j.
    i, j = np.arange(length)[:, None], np.arange(length)  # (T, 1), (T,)
    is_span = (i <= j) & (j < i + max_length)  # (T, T)
    gaps = np.cumsum(~allowed, axis=1)  # (B, T): between two positions with the same number nothing is forbidden
    # (B, T, T): no forbidden position between i and j, and both allowed.
    is_span = is_span & (gaps[:, :, None] == gaps[:, None, :]) & (allowed[:, :, None] & allowed[:, None, :])
    scores = np.where(is_span, start_logits[:, :, None] + end_logits[:, None, :], -np.inf).reshape(batch, -1)
    best = scores.argmax(axis=1)  # (B,), an index i · T + j
    return best // length, best % length, scores[np.arange(batch), best]


def best_spans_or_none(
    start_logits: np.ndarray,
    end_logits: np.ndarray,
    context_mask: np.ndarray,
    max_length: int = 30,
    threshold: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest span of each row, or the span of [CLS], (0, 0), if there is no answer.

    There is an answer if its score exceeds that of [CLS] by more than the threshold, which is chosen on dev examples.
    Shapes and arguments as in `best_spans` → starts and ends (B,).
    """
    starts, ends, scores = best_spans(start_logits, end_logits, context_mask, max_length)
    threshold = number("threshold", threshold)
    # max S · h_i + E · h_j  >  S · h_[CLS] + E · h_[CLS] + threshold
    is_answer = scores > start_logits[:, 0] + end_logits[:, 0] + threshold
    return np.where(is_answer, starts, 0), np.where(is_answer, ends, 0)
