"""Texts that the model writes, token by token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.lab.metrics import exact_match
from experiments.lab.objectives import Batch
from experiments.lab.ways.way import Metric, Rows
from minigrad import Tensor, ops
from models.finetuning import before_eos, continuation_batch, output_ids, text_to_text_batch
from models.gpt import GPT
from models.sampling import GREEDY
from models.t5 import T5
from models.t5_decoder import T5Decoder


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
