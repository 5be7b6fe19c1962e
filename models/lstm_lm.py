"""An LSTM language model: the model that was pretrained before Transformers.

    ids → token embeddings → n_layers LSTM layers → logits

Each layer keeps a memory c and an output h, and updates both at each token x (⊙ multiplies elementwise):

    i = σ(W_i x + U_i h + b_i)       input gate: how much to write
    f = σ(W_f x + U_f h + b_f)       forget gate: how much to keep
    g = tanh(W_g x + U_g h + b_g)    the new content
    o = σ(W_o x + U_o h + b_o)       output gate: how much to show
    c ← f ⊙ c + i ⊙ g
    h ← o ⊙ tanh(c)

While f is near 1 and i near 0, c passes from step to step unchanged, and so does its gradient: an LSTM remembers
longer than a plain recurrent network. The loop over time is in `ops.lstm`.

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
    """The hyperparameters of an LSTM language model.

    Attributes:
        vocab_size: number of tokens, V.
        d_model: width of the embeddings and of the states, D.
        n_layers: number of LSTM layers.
        dropout: rate of dropout on the embeddings and on the top layer's outputs.
    """

    vocab_size: int
    d_model: int = 256
    n_layers: int = 1
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes(self, "vocab_size", "d_model", "n_layers")
        number("dropout", self.dropout, at_least=0, below=1)


class LSTMLanguageModel(nn.Module):
    """The recurrent counterpart of `GPT`: `model(ids)`, `model.hidden_states(ids)`, and a tied output layer."""

    def __init__(self, config: LSTMConfig, generator: np.random.Generator | None = None) -> None:
        generator = random.chosen(generator)
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(config.d_model, config.d_model, config.n_layers, generator=generator)
        # The table is the output layer too (tied): logits are h · e_v, a sum of D products. Entries of variance 1/D
        # keep the logits' variance below 1, so the first predictions are nearly uniform and the first loss is about ln
        # V.
        table = self.token_embedding.weight  # (V, D)
        table.data = initial.normal(table.shape, config.d_model**-0.5, generator)

    def hidden_states(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """The outputs of the top layer: (B, T) ids → (B, T, D).

        Padding is allowed only on the right: a state that has read padding would carry it to the tokens after it.

        Raises:
            ValueError: if attention_mask has padding to the left of a token, has a shape other than that of ids, or
                holds a number other than 0 and 1.
            TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        """
        ids = check_ids(ids)
        attention_mask = check_mask(attention_mask, ids)
        if attention_mask is not None:
            check_right_padding(attention_mask)
        # No causal mask is needed: state t is computed before token t + 1 is read, but only one t after another.
        outputs, _ = self.lstm(self.dropout(self.token_embedding(ids)))  # (B, T, D)
        return self.dropout(outputs)

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """Logits of the next token at each position: (B, T) ids → (B, T, V)."""
        return ops.linear(self.hidden_states(ids, attention_mask), self.token_embedding.weight)
