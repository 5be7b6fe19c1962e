"""Spans: where in the text the answer starts and ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.lab.metrics import exact_match
from experiments.lab.objectives import Batch
from experiments.lab.ways.way import Metric, Rows, without_padding
from minigrad import Tensor
from models.finetuning import SpanExtractor, best_spans, best_spans_or_none, span_loss


@dataclass(frozen=True)
class SpanExtraction:
    """The first and the last token of an answer in a text: for `SpanExtractor`. A prediction is a pair of positions.

    Attributes:
        ids, attention_mask, token_type_ids: (N, T), padded on the right.
        context_mask: (N, T), 1 where an answer may lie.
        starts, ends: (N,); both 0, the position of [CLS], if there is no answer.
        threshold: how much more than [CLS] an answer must score; None if every question has an answer.
        metric: of pairs of positions; for SQuAD's metrics, turn `answer`'s positions into text.
    """

    ids: np.ndarray
    attention_mask: np.ndarray
    token_type_ids: np.ndarray
    context_mask: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    metric: Metric = exact_match
    max_length: int = 30
    threshold: float | None = None

    def __len__(self) -> int:
        return len(self.ends)

    def batch(self, rows: Rows) -> Batch:
        mask = self.attention_mask[rows]
        inputs = without_padding(mask, self.ids[rows], mask, self.token_type_ids[rows], self.context_mask[rows])
        return *inputs, self.starts[rows], self.ends[rows]

    def loss(self, model: SpanExtractor, *batch: np.ndarray) -> Tensor:
        ids, attention_mask, token_type_ids, _, starts, ends = batch
        start_logits, end_logits = model(ids, attention_mask, token_type_ids)
        return span_loss(start_logits, end_logits, starts, ends)

    def answer(self, model: SpanExtractor, *batch: np.ndarray) -> tuple[Tensor, np.ndarray]:
        """The predictions have the shape (B, 2)."""
        ids, attention_mask, token_type_ids, context_mask, starts, ends = batch
        start_logits, end_logits = model(ids, attention_mask, token_type_ids)
        loss, places = span_loss(start_logits, end_logits, starts, ends), (start_logits.numpy(), end_logits.numpy())
        if self.threshold is None:
            spans = best_spans(*places, context_mask, self.max_length)[:2]
        else:
            spans = best_spans_or_none(*places, context_mask, self.max_length, self.threshold)
        return loss, np.stack(spans, axis=1)

    def score(self, predicted: Sequence[Any]) -> float:
        return self.metric(predicted, np.stack([self.starts, self.ends], axis=1))
