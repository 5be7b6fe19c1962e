"""Ways to use a pretrained model, as the finetuning loop takes them: batches of examples, their loss, a score.

What each way adds to a model is in `models/finetuning/`; here it meets the examples of a task. A batch is a tuple of
arrays, the labels last.

    LastToken, BothOrders        the decoder: a linear layer on the last token's state
    CLSToken, CLSScore           the encoder: a linear layer on the state of [CLS], for labels and for numbers
    SpanExtraction               the encoder: where the answer starts and ends
    TextToText                   the encoder-decoder: the answer is written
    Continuation                 the decoder: the answer is written after the input
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np

from experiments.lab.metrics import accuracy, exact_match, spearman
from experiments.lab.objectives import Batch
from minigrad import Tensor, ops
from models.finetuning import (
    CLSRegressor,
    LastTokenClassifier,
    MultipleChoice,
    SpanExtractor,
    before_eos,
    best_spans,
    best_spans_or_none,
    continuation_batch,
    loss_with_language_modelling,
    output_ids,
    span_loss,
    text_to_text_batch,
)
from models.gpt import GPT
from models.sampling import GREEDY
from models.t5 import T5
from models.t5_decoder import T5Decoder

Rows = np.ndarray | slice
"""Which examples: their numbers, True for each of them, or a slice."""

Metric = Callable[[Any, Any], float]
"""Of predictions and gold labels, such as `accuracy`; higher is better."""


class Way(Protocol):
    """What the finetuning loop asks for."""

    def __len__(self) -> int:
        """The number of examples, N."""

    def batch(self, rows: Rows) -> Batch:
        """The arrays of these examples; the labels come last."""

    def loss(self, model: Any, *batch: np.ndarray) -> Tensor:
        """The mean loss of a batch, in nats per target."""

    def answer(self, model: Any, *batch: np.ndarray) -> tuple[Tensor, Iterable[Any]]:
        """The loss of a batch, and what the model predicts for each of its examples."""

    def score(self, predicted: Sequence[Any]) -> float:
        """How good the predictions for all N examples are, in their order; higher is better."""


# -- labels -----------------------------------------------------------------------------------------


class Labelled:
    """What the ways share whose model gives logits (B, n_labels) for a batch: inputs, then labels (B,)."""

    labels: np.ndarray
    metric: Metric

    def __len__(self) -> int:
        return len(self.labels)

    def loss(self, model: Any, *batch: np.ndarray) -> Tensor:
        return self.answer(model, *batch)[0]

    def answer(self, model: Any, *batch: np.ndarray) -> tuple[Tensor, np.ndarray]:
        """The cross entropy, and the likeliest label of each example: (), (B,)."""
        *inputs, labels = batch
        logits = model(*inputs)  # (B, n_labels)
        return ops.cross_entropy(logits, labels), logits.numpy().argmax(axis=-1)

    def score(self, predicted: Sequence[Any]) -> float:
        return self.metric(predicted, self.labels)


@dataclass(frozen=True)
class LastToken(Labelled):
    """Labels read off the last token: for `LastTokenClassifier`, and for `MultipleChoice`, whose label is a choice.

    Attributes:
        ids, attention_mask: (N, T), padded on the right; (N, n_choices, T) for choices.
        labels: (N,).
        lm_weight: in training, of the loss of language modelling on the same texts
            (see `loss_with_language_modelling`).
    """

    ids: np.ndarray
    attention_mask: np.ndarray
    labels: np.ndarray
    metric: Metric = accuracy
    lm_weight: float = 0.0

    def __getitem__(self, rows: Rows) -> Self:
        """Some of the examples, with no more padding than these need."""
        ids, attention_mask = without_padding(self.attention_mask[rows], self.ids[rows], self.attention_mask[rows])
        return replace(self, ids=ids, attention_mask=attention_mask, labels=self.labels[rows])

    def batch(self, rows: Rows) -> Batch:
        some = self[rows]
        return some.ids, some.attention_mask, some.labels

    def loss(self, model: LastTokenClassifier | MultipleChoice, *batch: np.ndarray) -> Tensor:
        ids, attention_mask, labels = batch
        if self.lm_weight:
            assert isinstance(model, LastTokenClassifier)
            return loss_with_language_modelling(model, ids, attention_mask, labels, self.lm_weight)
        return ops.cross_entropy(model(ids, attention_mask), labels)


@dataclass(frozen=True)
class BothOrders(Labelled):
    """Labels of pairs without an order, which are read in both: for `SimilarityClassifier`.

    Attributes:
        ids, swapped_ids, attention_mask: (N, T), padded on the right; labels (N,).
    """

    ids: np.ndarray
    swapped_ids: np.ndarray
    attention_mask: np.ndarray
    labels: np.ndarray
    metric: Metric = accuracy

    def batch(self, rows: Rows) -> Batch:
        mask = self.attention_mask[rows]
        return *without_padding(mask, self.ids[rows], self.swapped_ids[rows], mask), self.labels[rows]


@dataclass(frozen=True)
class CLSToken(Labelled):
    """Labels read off [CLS]: for `CLSClassifier`.

    Attributes:
        ids, attention_mask, token_type_ids: (N, T), padded on the right; labels (N,).
    """

    ids: np.ndarray
    attention_mask: np.ndarray
    token_type_ids: np.ndarray
    labels: np.ndarray
    metric: Metric = accuracy

    def batch(self, rows: Rows) -> Batch:
        mask = self.attention_mask[rows]
        return *without_padding(mask, self.ids[rows], mask, self.token_type_ids[rows]), self.labels[rows]


@dataclass(frozen=True)
class CLSScore(CLSToken):
    """Numbers read off [CLS]: for `CLSRegressor`. The labels are float32, the loss is their mean squared error."""

    metric: Metric = spearman

    def answer(self, model: CLSRegressor, *batch: np.ndarray) -> tuple[Tensor, np.ndarray]:
        *inputs, scores = batch
        predicted = model(*inputs)
        return ops.mse_loss(predicted, scores), predicted.numpy()


def without_padding(attention_mask: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    """Arrays (..., T), cut off after the longest row of the mask (..., T), which has its padding on the right."""
    length = int(attention_mask.sum(axis=-1).max())
    return [array[..., :length] for array in arrays]


# -- spans ------------------------------------------------------------------------------------------


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


# -- texts that are written -------------------------------------------------------------------------


@dataclass(frozen=True)
class TextToText:
    """A text to read and a text to write, as lists of ids: for `T5`. A prediction is the list that it writes.

    Attributes:
        max_new_tokens: how many tokens of an answer are written at most, its end included.
    """

    inputs: Sequence[Sequence[int]]
    targets: Sequence[Sequence[int]]
    max_new_tokens: int
    metric: Metric = exact_match
    pad_id: int = 0
    eos_id: int = 1

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, rows: Rows) -> Batch:
        return text_to_text_batch(some(self.inputs, rows), some(self.targets, rows), self.pad_id, self.eos_id)

    def loss(self, model: T5, *batch: np.ndarray) -> Tensor:
        ids, attention_mask, decoder_ids, labels = batch
        return ops.cross_entropy(model(ids, decoder_ids, attention_mask), labels)

    def answer(self, model: T5, *batch: np.ndarray) -> tuple[Tensor, list[list[int]]]:
        ids, attention_mask, _, _ = batch
        outputs = model.generate(ids, self.max_new_tokens, GREEDY, attention_mask=attention_mask)
        return self.loss(model, *batch), [output_ids(row, self.eos_id) for row in outputs]

    def score(self, predicted: Sequence[list[int]]) -> float:
        return self.metric(predicted, [list(target) for target in self.targets])


@dataclass(frozen=True)
class Continuation:
    """An input, and the output that continues it, as lists of ids: for `GPT`, or as a prefix LM for `T5Decoder`.

    A prediction is the list that the model writes.

    Attributes:
        max_new_tokens: how many tokens of an output are written at most, its end included.
        eos_id: ends an output; for a `T5Decoder`, that of its config.
        as_prefix: whether the positions of the input all see each other (`T5Decoder`).
    """

    inputs: Sequence[Sequence[int]]
    outputs: Sequence[Sequence[int]]
    max_new_tokens: int
    eos_id: int
    metric: Metric = exact_match
    pad_id: int = 0
    as_prefix: bool = False

    def __len__(self) -> int:
        return len(self.outputs)

    def batch(self, rows: Rows) -> Batch:
        texts = some(self.inputs, rows), some(self.outputs, rows)
        ids, attention_mask, labels, prefix_mask = continuation_batch(*texts, self.eos_id, self.pad_id)
        return ids, attention_mask, prefix_mask, labels

    def loss(self, model: GPT | T5Decoder, *batch: np.ndarray) -> Tensor:
        ids, attention_mask, prefix_mask, labels = batch
        if self.as_prefix:
            assert isinstance(model, T5Decoder)
            return ops.cross_entropy(model(ids, attention_mask, prefix_mask=prefix_mask), labels)
        return ops.cross_entropy(model(ids, attention_mask), labels)

    def answer(self, model: GPT | T5Decoder, *batch: np.ndarray) -> tuple[Tensor, list[list[int]]]:
        ids, _, prefix_mask, _ = batch
        inputs, attention_mask = padded_on_the_left(ids, prefix_mask)
        if isinstance(model, T5Decoder):
            texts = model.generate(
                inputs, self.max_new_tokens, GREEDY, attention_mask=attention_mask, as_prefix=self.as_prefix
            )
        else:
            texts = model.generate(
                inputs, self.max_new_tokens, GREEDY, attention_mask=attention_mask, eos_id=self.eos_id
            )
        written = texts[:, inputs.shape[1] :].tolist()
        return self.loss(model, *batch), [before_eos(row, self.eos_id) for row in written]

    def score(self, predicted: Sequence[list[int]]) -> float:
        return self.metric(predicted, [list(output) for output in self.outputs])


def some(texts: Sequence[Sequence[int]], rows: Rows) -> list[Sequence[int]]:
    """Some of the texts."""
    return [texts[i] for i in np.arange(len(texts))[rows]]


def padded_on_the_left(ids: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The tokens of each row where the mask (B, T) is 1, moved to its end: ids (B, T) → ids and mask (B, S), S ≤ T.

    A text that is to be continued ends at the last position.
    """
    lengths = mask.sum(axis=1)
    moved_mask = np.arange(lengths.max()) >= lengths.max() - lengths[:, None]
    moved = np.zeros(moved_mask.shape, ids.dtype)
    moved[moved_mask] = ids[mask == 1]  # both in the order of the rows
    return moved, moved_mask.astype(mask.dtype)
