"""An LSTM language model: how language models were pretrained before Transformers.

    ids → token embeddings → n_layers LSTM layers → logits

A state depends on the previous one, so a text is read token by token, and all that the model keeps of the text so far
must fit into the states of its layers.

Source: Dai and Le 2015, "Semi-supervised Sequence Learning", section 2: pretrain the LSTM as a language
model, then start a classifier from its weights.
"""

from dataclasses import dataclass

import numpy as np

from minigrad import Tensor, nn, ops, random
from minigrad.nn import initial
from models.inputs import check_dropout, check_ids, check_mask, check_right_padding, check_sizes


@dataclass(frozen=True)
class LSTMConfig:
    """The hyperparameters of an LSTM language model.

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
        check_dropout(self)


class LSTMLanguageModel(nn.Module):
    """The recurrent counterpart of `GPT`: `model(ids)` gives logits, `model.hidden_states(ids)` the states below them.

    The output layer is the token embedding, transposed (tied).
    """

    def __init__(self, config: LSTMConfig, generator: np.random.Generator | None = None) -> None:
        generator = random.chosen(generator)
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(config.d_model, config.d_model, config.n_layers, generator=generator)
        table = self.token_embedding.weight  # (V, D)
        # Rows of length about 1, so that the table as output layer gives logits about as large as the states.
        table.data = initial.normal(table.shape, config.d_model**-0.5, generator)

    def hidden_states(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """The outputs of the top layer: (B, T) ids → (B, T, D).

        Padding must be on the right, where no token's state depends on it.

        Raises:
            ValueError: if attention_mask has padding before a token, a shape other than that of ids, or a number other
                than 0 and 1.
            TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        """
        ids = check_ids(ids)
        attention_mask = check_mask(attention_mask, ids)
        if attention_mask is not None:
            check_right_padding(attention_mask)
        x = self.dropout(self.token_embedding(ids))  # (B, T, D)
        outputs, _ = self.lstm(x)  # (B, T, D); the final state is of no use here
        return self.dropout(outputs)

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """Logits of the next token at each position: (B, T) ids → (B, T, V)."""
        hidden = self.hidden_states(ids, attention_mask)  # (B, T, D)
        return ops.linear(hidden, self.token_embedding.weight)  # (B, T, V)
