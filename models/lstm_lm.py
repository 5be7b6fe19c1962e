"""An LSTM language model: what one pretrained before Transformers.

    ids → token embeddings → n_layers LSTM layers → logits

Source: Dai and Le 2015, "Semi-supervised Sequence Learning", section 2: pretrain it as a language
model, then start the classifier from its weights.
"""

from dataclasses import dataclass

import numpy as np

from minigrad import Tensor, nn, ops, random
from minigrad.checks import number
from minigrad.nn import initial
from models.inputs import check_ids, check_mask, check_right_padding, check_sizes


@dataclass(frozen=True)
class LSTMConfig:
    """The dials of an LSTM language model.

    Attributes:
        vocab_size: number of tokens, V.
        d_model: width of the embeddings and of the states, D.
        n_layers: number of LSTM layers.
        dropout: on the embeddings and on the top layer's outputs.
    """

    vocab_size: int
    d_model: int = 256
    n_layers: int = 1
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes(self, "vocab_size", "d_model", "n_layers")
        number("dropout", self.dropout, at_least=0, below=1)


class LSTMLanguageModel(nn.Module):
    """The recurrent counterpart of `GPT`: `model(ids)` and `model.hidden_states(ids)`, and a tied output layer."""

    def __init__(self, config: LSTMConfig, generator: np.random.Generator | None = None) -> None:
        generator = random.chosen(generator)
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(config.d_model, config.d_model, config.n_layers, generator=generator)
        table = self.token_embedding.weight
        table.data = initial.normal(table.shape, config.d_model**-0.5, generator)

    def hidden_states(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """The outputs of the top layer: (B, T) ids → (B, T, D).

        Only padding on the right is allowed: a state that has read padding would carry it along.

        Raises:
            ValueError: if attention_mask has padding to the left of a token, not the shape (B, T) of ids, or holds
                a number other than 0 and 1.
            TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        """
        ids = check_ids(ids)
        attention_mask = check_mask(attention_mask, ids)
        if attention_mask is not None:
            check_right_padding(attention_mask)
        outputs, _ = self.lstm(self.dropout(self.token_embedding(ids)))
        return self.dropout(outputs)

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """Logits of the next token at each position: (B, T) ids → (B, T, V)."""
        return ops.linear(self.hidden_states(ids, attention_mask), self.token_embedding.weight)
