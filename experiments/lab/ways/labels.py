"""Ways whose answer is a label: the model gives a logit for each, and the likeliest is the prediction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from experiments.lab.metrics import accuracy
from experiments.lab.objectives import Batch
from experiments.lab.ways.way import Metric, Rows, without_padding
from minigrad import Tensor, ops
from models.finetuning import LastTokenClassifier, MultipleChoice, loss_with_language_modelling


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
class OneText(Labelled):
    """Labels of texts: for any model of ids and their mask, such as `ElmoClassifier`.

    Attributes:
        ids, attention_mask: (N, T), padded on the right.
        labels: (N,).
    """

    ids: np.ndarray
    attention_mask: np.ndarray
    labels: np.ndarray
    metric: Metric = accuracy

    def __getitem__(self, rows: Rows) -> Self:
        """Some of the examples, with no more padding than these need."""
        ids, attention_mask = without_padding(self.attention_mask[rows], self.ids[rows], self.attention_mask[rows])
        return replace(self, ids=ids, attention_mask=attention_mask, labels=self.labels[rows])

    def batch(self, rows: Rows) -> Batch:
        some = self[rows]
        return some.ids, some.attention_mask, some.labels


@dataclass(frozen=True)
class LastToken(OneText):
    """Labels read off the last token: for `LastTokenClassifier`, and for `MultipleChoice`, whose label is a choice.

    A pair of texts is one sequence: `GPTInputs` lays it out.

    Attributes:
        ids, attention_mask: (N, T), padded on the right; (N, n_choices, T) for choices.
        labels: (N,).
        lm_weight: in training, of the loss of language modelling on the same texts
            (see `loss_with_language_modelling`).
    """

    lm_weight: float = 0.0

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
class TwoTexts(Labelled):
    """Labels of pairs whose texts are read apart: for `ElmoPairClassifier`.

    Attributes:
        ids, attention_mask: (N, T), the first texts, padded on the right.
        other_ids, other_attention_mask: (N, S), the second texts, padded on the right.
        labels: (N,).
    """

    ids: np.ndarray
    attention_mask: np.ndarray
    other_ids: np.ndarray
    other_attention_mask: np.ndarray
    labels: np.ndarray
    metric: Metric = accuracy

    def batch(self, rows: Rows) -> Batch:
        mask, other_mask = self.attention_mask[rows], self.other_attention_mask[rows]
        one = without_padding(mask, self.ids[rows], mask)
        other = without_padding(other_mask, self.other_ids[rows], other_mask)
        return *one, *other, self.labels[rows]


@dataclass(frozen=True)
class CLSToken(Labelled):
    """Labels read off [CLS]: for `CLSClassifier`. A pair of texts is one sequence, in two segments.

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
