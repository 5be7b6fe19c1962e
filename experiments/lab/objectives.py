"""Pretraining objectives as the loop takes them: the batch of a step, and a model's loss on it.

The objectives themselves are in `models/objectives/`; here they are applied to rows of text and a model. A batch is a
tuple of arrays, the labels last. It is a pure function of the step: whatever is random comes from a Generator that is
seeded with the step.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from experiments.lab.windows import rows_of_step
from minigrad import IGNORE, Tensor, ops
from models.bert import BERT
from models.finetuning import shift_right
from models.objectives.causal_lm import causal_lm
from models.objectives.masked_lm import masked_lm
from models.objectives.prefix_lm import prefix_lm, prefix_lm_encoder_decoder
from models.objectives.span_corruption import span_corruption
from models.objectives.span_masking import span_masking
from models.t5 import T5
from models.t5_decoder import T5Decoder

Batch = tuple[np.ndarray, ...]


class Rows(Protocol):
    """Rows of text, such as `Windows`."""

    def batch(self, step: int) -> np.ndarray:
        """The rows of a step, (B, T)."""


class Objective(Protocol):
    """What the pretraining loop needs."""

    def batch(self, step: int) -> Batch:
        """The arrays of a step; the labels come last."""

    def loss(self, model: Any, *batch: np.ndarray) -> Tensor:
        """The mean loss of a batch, in nats per target."""


def n_targets(batch: Batch) -> int:
    """How many tokens of a batch carry loss."""
    return int(np.count_nonzero(batch[-1] != IGNORE))


def drawing(seed: int, step: int) -> np.random.Generator:
    """The Generator of a step."""
    return np.random.default_rng([seed, 5, step])


@dataclass(frozen=True)
class CausalLM:
    """Predict every token from those before it: rows (B, T + 1), for a model with logits (B, T, V)."""

    rows: Rows

    def batch(self, step: int) -> Batch:
        return causal_lm(self.rows.batch(step))

    def loss(self, model: Any, *batch: np.ndarray) -> Tensor:
        inputs, labels = batch
        return ops.cross_entropy(model(inputs), labels)


@dataclass(frozen=True)
class MaskedLM:
    """Predict hidden tokens, or with `spans` hidden spans, from both sides: for BERT.

    Attributes:
        rate, replace: as in `masked_lm`.
    """

    rows: Rows
    seed: int
    mask_id: int
    vocab_size: int
    special_ids: Collection[int] = ()
    rate: float = 0.15
    replace: tuple[float, float, float] = (0.8, 0.1, 0.1)
    spans: bool = False

    def batch(self, step: int) -> Batch:
        return self.hide(self.rows.batch(step), step)

    def hide(
        self, ids: np.ndarray, step: int, attention_mask: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hide tokens of ids (B, T) → inputs (B, T), labels (B, T)."""
        objective = span_masking if self.spans else masked_lm
        return objective(
            ids,
            drawing(self.seed, step),
            mask_id=self.mask_id,
            vocab_size=self.vocab_size,
            attention_mask=attention_mask,
            special_ids=self.special_ids,
            rate=self.rate,
            replace=self.replace,
        )

    def loss(self, model: BERT, *batch: np.ndarray) -> Tensor:
        inputs, labels = batch
        return masked_lm_loss(model, model(inputs), labels)


def masked_lm_loss(model: BERT, hidden: Tensor, labels: np.ndarray) -> Tensor:
    """The loss at the positions with a label; only these get logits. hidden (B, T, D), labels (B, T) → ()."""
    chosen = np.nonzero(labels != IGNORE)
    return ops.cross_entropy(model.masked_lm_logits(hidden[chosen]), labels[chosen])


@dataclass(frozen=True)
class MaskedLMWithNextSentence:
    """Both of BERT's tasks, their losses added.

    Attributes:
        masked: how tokens are hidden; its rows are not used.
        ids, token_type_ids, attention_mask: (N, T); is_random (N,): pairs from `models.objectives.next_sentence`.
    """

    masked: MaskedLM
    ids: np.ndarray
    token_type_ids: np.ndarray
    attention_mask: np.ndarray
    is_random: np.ndarray
    batch_size: int

    def batch(self, step: int) -> Batch:
        rows = rows_of_step(step, len(self.ids), self.batch_size, self.masked.seed, 6)
        mask = self.attention_mask[rows]
        inputs, labels = self.masked.hide(self.ids[rows], step, mask)
        return inputs, self.token_type_ids[rows], mask, self.is_random[rows], labels

    def loss(self, model: BERT, *batch: np.ndarray) -> Tensor:
        inputs, token_type_ids, attention_mask, is_random, labels = batch
        hidden = model(inputs, attention_mask, token_type_ids)
        return masked_lm_loss(model, hidden, labels) + ops.cross_entropy(model.next_sentence_logits(hidden), is_random)


@dataclass(frozen=True)
class SpanCorruption:
    """Remove spans, and have the decoder write them: for T5.

    Attributes:
        sentinels, density, mean_span_length: as in `span_corruption`.
    """

    rows: Rows
    seed: int
    sentinels: np.ndarray
    density: float = 0.15
    mean_span_length: float = 3.0
    eos_id: int | None = None

    def batch(self, step: int) -> Batch:
        inputs, labels, attention_mask = span_corruption(
            self.rows.batch(step),
            drawing(self.seed, step),
            sentinels=self.sentinels,
            density=self.density,
            mean_span_length=self.mean_span_length,
            eos_id=self.eos_id,
        )
        return inputs, attention_mask, labels

    def loss(self, model: T5, *batch: np.ndarray) -> Tensor:
        return encoder_decoder_loss(model, *batch)


@dataclass(frozen=True)
class PrefixLM:
    """Predict the rest of a text from its prefix, which the decoder reads in both directions: rows (B, T + 1)."""

    rows: Rows
    seed: int

    def batch(self, step: int) -> Batch:
        inputs, labels, prefix_mask = prefix_lm(self.rows.batch(step), drawing(self.seed, step))
        return inputs, prefix_mask, labels

    def loss(self, model: T5Decoder, *batch: np.ndarray) -> Tensor:
        inputs, prefix_mask, labels = batch
        return ops.cross_entropy(model(inputs, prefix_mask=prefix_mask), labels)


@dataclass(frozen=True)
class PrefixLMEncoderDecoder:
    """The same with the prefix in the encoder: rows (B, T)."""

    rows: Rows
    seed: int

    def batch(self, step: int) -> Batch:
        inputs, labels, attention_mask = prefix_lm_encoder_decoder(self.rows.batch(step), drawing(self.seed, step))
        return inputs, attention_mask, labels

    def loss(self, model: T5, *batch: np.ndarray) -> Tensor:
        return encoder_decoder_loss(model, *batch)


def encoder_decoder_loss(model: T5, inputs: np.ndarray, attention_mask: np.ndarray, labels: np.ndarray) -> Tensor:
    """inputs, attention_mask (B, S), labels (B, L): the decoder reads the labels one step to the right."""
    return ops.cross_entropy(model(inputs, shift_right(labels), attention_mask), labels)
