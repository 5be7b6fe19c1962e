"""Salient span masking: hide a name or a date, and generate it.

Knowing the language is enough to fill in most spans. A name or a date asks for a fact: to fill it in, a model must
know something about the world, and questions will ask for that knowledge later.

    original   Paris fell on 25 August 1944
    salient    ─────         ──────────────
    inputs     Paris fell on       <X>
    targets    <X> 25 August 1944 <Y>

The salient spans are found beforehand (in REALM by a named-entity tagger and a regular expression for dates). One of
them is drawn for each sequence; the rest is span corruption.

Sources: Guu et al. 2020, "REALM", section 3.4; Roberts et al. 2020, "How Much Knowledge Can You Pack Into the
Parameters of a Language Model?"; the last row of the lecture's table of closed-book answers (SSM).
"""

from collections.abc import Sequence

import numpy as np

from minigrad.checks import whole_number
from models.objectives.batch import check_batch
from models.objectives.span_corruption import corrupted_batch


def salient_spans(
    ids: np.ndarray,
    spans: Sequence[Sequence[tuple[int, int]]],
    generator: np.random.Generator,
    *,
    sentinels: np.ndarray,
    attention_mask: np.ndarray | None = None,
    pad_id: int = 0,
    eos_id: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Remove one of the salient spans of each sequence: what the encoder reads, and what the decoder must write.

    Shapes: ids (B, T) integers → inputs (B, S), labels (B, L) with IGNORE at padding, attention_mask (B, S).

    Args:
        spans: for each row its salient spans (start, end), positions in the row; end is the first after it.
        sentinels, attention_mask, pad_id, eos_id: as in `span_corruption`.

    Raises:
        ValueError: if a row has no span, a span is empty or not all tokens, or as for `span_corruption`.
        TypeError: if a span is not two integers, or as for `span_corruption`.
    """
    ids, is_token = check_batch(ids, attention_mask)
    if len(spans) != len(ids):
        raise ValueError(f"spans must be one list for each of the {len(ids)} rows of ids, got {len(spans)}")
    position = np.arange(ids.shape[1])  # (T,)
    rows, masks = [], []
    for b, tokens in enumerate(is_token):
        check_spans(spans[b], tokens, b)
        # One span a pass: the other names and dates remain in the input as context for the hidden one.
        start, end = spans[b][int(generator.integers(len(spans[b])))]
        # Span positions count padding, so build the noise mask on the padded row and drop the padding from both.
        rows.append(ids[b, tokens])  # (n,)
        masks.append(((position >= start) & (position < end))[tokens])
    return corrupted_batch(rows, masks, sentinels, pad_id, eos_id)


def check_spans(spans: Sequence[tuple[int, int]], is_token: np.ndarray, row: int) -> None:
    """Raise an error unless a row has a span, and each of its spans has at least one token and no padding."""
    if len(spans) == 0:
        raise ValueError(f"spans must be at least one in every row, got none in row {row}")
    for span in spans:
        if len(span) != 2:
            raise ValueError(f"spans must be pairs (start, end), got {span} in row {row}")
        start, end = (whole_number("spans", place) for place in span)
        if not (0 <= start < end <= len(is_token) and is_token[start:end].all()):
            raise ValueError(f"spans must be (start, end) of tokens, start < end, got ({start}, {end}) in row {row}")
