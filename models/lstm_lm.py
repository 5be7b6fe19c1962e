"""An LSTM language model: what one pretrained before Transformers.

    ids → token embeddings → n_layers LSTM layers → logits

Source: Dai and Le 2015, "Semi-supervised Sequence Learning", section 2: pretrain it as a language
model, then start the classifier from its weights.
"""

from dataclasses import dataclass

import numpy as np

from minigrad import Tensor, nn, ops, random


@dataclass(frozen=True)
class LSTMConfig:
    """The dials of an LSTM language model: vocabulary V, width of embeddings and states D, layers, dropout."""

    vocab_size: int
    d_model: int = 256
    n_layers: int = 1
    dropout: float = 0.0


class LSTMLanguageModel(nn.Module):
    """The recurrent counterpart of `GPT`, with the same methods; its output layer is tied too."""

    def __init__(self, config: LSTMConfig, generator: np.random.Generator | None = None) -> None:
        generator = generator or random.generator()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(config.d_model, config.d_model, config.n_layers, generator=generator)
        table = self.token_embedding.weight
        table.data[...] = config.d_model**-0.5 * generator.standard_normal(table.shape, dtype=np.float32)

    def hidden_states(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """The outputs of the top layer: (B, T) ids → (B, T, D).

        Only padding on the right is allowed: a state that has read padding would carry it along.

        Raises:
            ValueError: if attention_mask (B, T) has padding to the left of a token.
        """
        if attention_mask is not None and np.any(np.diff(attention_mask.astype(int), axis=1) > 0):
            raise ValueError("attention_mask has padding before a token; pad sequences on the right for an LSTM")
        outputs, _ = self.lstm(self.dropout(self.token_embedding(ids)))
        return self.dropout(outputs)

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """Logits of the next token at each position: (B, T) ids → (B, T, V)."""
        return ops.linear(self.hidden_states(ids, attention_mask), self.token_embedding.weight)
