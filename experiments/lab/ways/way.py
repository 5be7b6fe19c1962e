"""What the finetuning loop asks of a way to use a model."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from experiments.lab.objectives import Batch
from minigrad import Tensor

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


def without_padding(attention_mask: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    """Arrays (..., T), cut off after the longest row of the mask (..., T), which has its padding on the right."""
    length = int(attention_mask.sum(axis=-1).max())
    return [array[..., :length] for array in arrays]
