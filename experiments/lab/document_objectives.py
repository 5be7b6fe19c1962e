"""Objectives on documents in rows of their own (`documents.py`), as the pretraining loop takes them.

DocumentLM      each token from those before it: GPT, LSTM             [START] a . b . </s>
DocumentBiLM    from both sides, in two models: ELMo                   [START] a . b . </s>
DocumentMLM     hidden tokens from the rest: BERT                      [CLS] a . [SEP] b . [SEP]
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from experiments.lab.document_spans import hide_spans
from experiments.lab.documents import Documents
from experiments.lab.objectives import Batch, drawing, masked_lm_loss
from minigrad import Tensor, ops
from models.bert import BERT
from models.elmo import BiLSTMLanguageModel, bidirectional_labels
from models.gpt import GPT
from models.lstm_lm import LSTMLanguageModel
from models.objectives.causal_lm import causal_lm
from models.objectives.masked_lm import masked_lm


@dataclass(frozen=True)
class DocumentLM:
    """Predict every token of a document from those before it."""

    documents: Documents

    def batch(self, step: int) -> Batch:
        return causal_lm(*self.documents.batch(step))

    def loss(self, model: GPT | LSTMLanguageModel, *batch: np.ndarray) -> Tensor:
        inputs, labels = batch
        return ops.cross_entropy(model(inputs), labels)


@dataclass(frozen=True)
class DocumentBiLM:
    """Predict every token from those before it, and in another model from those after it."""

    documents: Documents

    def batch(self, step: int) -> Batch:
        ids, attention_mask = self.documents.batch(step)
        return ids, attention_mask, np.stack(bidirectional_labels(ids, attention_mask))  # labels (2, B, T)

    def loss(self, model: BiLSTMLanguageModel, *batch: np.ndarray) -> Tensor:
        ids, attention_mask, labels = batch
        both = zip(model(ids, attention_mask), labels, strict=True)
        forward, backward = (ops.cross_entropy(logits, own) for logits, own in both)
        return (forward + backward) / 2


@dataclass(frozen=True)
class DocumentMLM:
    """Predict hidden tokens of a document, which is read as two segments: its first sentences, and the rest.

    Attributes:
        cls_id, sep_id, mask_id: the special tokens.
        sentence_ends: the ids that end a sentence; between two sentences the document may be cut.
        never_predicted: tokens that are never chosen: special tokens, and some that teach little.
        rate: the share of the other tokens that is chosen. In a document of n such tokens they are round(rate · n), at
            least one, as in `masked_lm`. At a low rate that is more than the share: of 10 tokens 5% are one token.
        replace: as in `masked_lm`.
        spans: whether contiguous spans are hidden (`document_spans.py`).
        whole_batch: whether the rate is that of the whole batch, at which it is exact: round(rate · n) of the n tokens
            of all documents are chosen, and the number in one document varies. With spans it is always so.
    """

    documents: Documents
    seed: int
    cls_id: int
    sep_id: int
    mask_id: int
    vocab_size: int
    sentence_ends: Collection[int]
    never_predicted: Collection[int]
    rate: float = 0.15
    replace: tuple[float, float, float] = (0.8, 0.1, 0.1)
    spans: bool = False
    whole_batch: bool = False

    def batch(self, step: int) -> Batch:
        generator = drawing(self.seed, step)
        ids, attention_mask = self.documents.batch(step)
        cuts = choose_cuts(ids, attention_mask, self.sentence_ends, generator)
        ids, token_type_ids, attention_mask = as_segments(ids, attention_mask, cuts, self.cls_id, self.sep_id)
        inputs, labels = self.hide(ids, attention_mask, generator)
        return inputs, attention_mask, token_type_ids, labels

    def hide(
        self, ids: np.ndarray, attention_mask: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hide tokens of segments (B, T) → inputs (B, T), labels (B, T)."""
        if self.spans:
            return hide_spans(
                ids,
                attention_mask,
                generator,
                mask_id=self.mask_id,
                vocab_size=self.vocab_size,
                separators=(self.cls_id, self.sep_id),
                never_predicted=self.never_predicted,
                rate=self.rate,
                replace=self.replace,
            )
        rows = (1, -1) if self.whole_batch else ids.shape
        inputs, labels = masked_lm(
            ids.reshape(rows),
            generator,
            mask_id=self.mask_id,
            vocab_size=self.vocab_size,
            attention_mask=attention_mask.reshape(rows),
            special_ids=self.never_predicted,
            rate=self.rate,
            replace=self.replace,
        )
        return inputs.reshape(ids.shape), labels.reshape(ids.shape)

    def loss(self, model: BERT, *batch: np.ndarray) -> Tensor:
        inputs, attention_mask, token_type_ids, labels = batch
        return masked_lm_loss(model, model(inputs, attention_mask, token_type_ids), labels)


def choose_cuts(
    ids: np.ndarray, attention_mask: np.ndarray, sentence_ends: Collection[int], generator: np.random.Generator
) -> np.ndarray:
    """For each document (B, T) the place of the last token of its first segment, (B,), and T if it has one sentence.

    A document is cut behind one of its sentences but the last, each equally likely.
    """
    B, T = ids.shape
    last = attention_mask.sum(axis=1, keepdims=True) - 2  # (B, 1): behind it comes only </s>
    may_cut = np.isin(ids, list(sentence_ends)) & (np.arange(T) < last)  # (B, T)
    draws = np.where(may_cut, generator.random((B, T)), -1.0)
    return np.where(may_cut.any(axis=1), draws.argmax(axis=1), T)


def as_segments(
    ids: np.ndarray, attention_mask: np.ndarray, cuts: np.ndarray, cls_id: int, sep_id: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Documents `[START] a b </s>` as `[CLS] a [SEP] b [SEP]`, cut behind the places `cuts`.

    Shapes: ids, attention_mask (B, T), cuts (B,) → ids, token_type_ids, attention_mask (B, T + 1).
    """
    B, T = ids.shape
    places, cut = np.arange(T + 1), cuts[:, None]  # (T + 1,), (B, 1)
    lengths = attention_mask.sum(axis=1) + (cuts < T)  # (B,): a [SEP] more, where there are two segments
    # Up to the cut a token keeps its place; behind it a [SEP] is inserted, and the rest moves by one.
    source = np.where(places <= cut, places, places - 1).clip(max=T - 1)  # (B, T + 1)
    segments = np.take_along_axis(ids, source, axis=1)
    segments = np.where(places == cut + 1, sep_id, segments)
    segments[:, 0] = cls_id
    segments[np.arange(B), lengths - 1] = sep_id
    mask = (places < lengths[:, None]).astype(np.int64)
    second = (places > cut + 1) & (mask == 1)
    return np.where(mask == 1, segments, 0), second.astype(np.int64), mask
