"""Finetuning: put a new linear layer on a model that reads text, and train all of it on a task.

The new layer starts at random; everything below starts where pretraining left it, and the gradient
of the task flows through the whole network.

Source: the lecture, "Pretraining decoders"; Radford et al. 2018, section 3.2.
"""

from typing import Protocol

import numpy as np

from minigrad import Tensor, nn, random


class TextModel(Protocol):
    """What a classifier needs of the model below it."""

    def hidden_states(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """(B, T) ids → (B, T, D)."""
        ...


class LastTokenClassifier(nn.Module):
    """A linear layer on the hidden state of the last token, which is the only one that has read them all.

        h_1 … h_T = model(w_1 … w_T),   y = A h_T + b

    A starts small and random, b at zero.
    """

    def __init__(
        self, model: TextModel, d_model: int, n_labels: int, generator: np.random.Generator | None = None
    ) -> None:
        generator = generator or random.generator()
        self.model = model
        self.head = nn.Linear(d_model, n_labels)
        self.head.weight.data[...] = 0.02 * generator.standard_normal((n_labels, d_model), dtype=np.float32)
        assert self.head.bias is not None
        self.head.bias.data[...] = 0

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray) -> Tensor:
        """Logits of the labels: ids and attention_mask (B, T) → (B, n_labels).

        Padding stands on either side of the tokens, as far as the model below allows it.

        Raises:
            ValueError: if a row has no token.
        """
        if not np.all(attention_mask.any(axis=1)):
            raise ValueError("attention_mask has a row without a token")
        hidden = self.model.hidden_states(ids, attention_mask)
        last = ids.shape[1] - 1 - np.argmax(attention_mask[:, ::-1], axis=1)
        return self.head(hidden[np.arange(len(ids)), last])


def pad_batch(sequences: list[list[int]], pad_id: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of different lengths as one array, padded on the right.

    Returns ids (B, T) and attention_mask (B, T), 1 where there is a token.

    Raises:
        ValueError: if there is no sequence.
    """
    if not sequences:
        raise ValueError("sequences is empty")
    length = max(map(len, sequences))
    ids = np.full((len(sequences), length), pad_id, dtype=np.int64)
    attention_mask = np.zeros((len(sequences), length), dtype=np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        attention_mask[row, : len(sequence)] = 1
    return ids, attention_mask
