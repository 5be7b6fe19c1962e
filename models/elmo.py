"""ELMo: contextual word vectors from two language models, one that reads the sentence forwards and one backwards.

    forward LSTMs    w_1 … w_k    →  states that predict w_{k+1}
    backward LSTMs   w_T … w_k    →  states that predict w_{k-1}
    ELMo's vector    γ Σ_j softmax(s)_j h_kj, where h_kj concatenates the states of layer j in both directions

The directions share the embedding and the output layer, and nothing in between: in a layer that read both, each
position would have seen the token that it must predict. (BERT reads both at once, and so needs another objective.)
A task leaves the language model unchanged and learns only s and γ.

As in the paper, each LSTM layer but the first adds to its input (a residual connection). Simpler than the paper: an
embedding instead of convolutions over characters, LSTMs without a projection, and an output layer tied to the
embedding, as in `lstm_lm.py`.

Source: Peters et al. 2018, "Deep contextualized word representations", sections 3.1, 3.2 and 3.4.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from minigrad import IGNORE, Tensor, nn, no_grad, ops, random
from minigrad.checks import whole_number
from minigrad.nn import initial
from models.inputs import check_dropout, check_ids, check_right_padding, check_sizes, token_mask
from models.objectives.causal_lm import causal_lm

Sequences = TypeVar("Sequences", np.ndarray, Tensor)


@dataclass(frozen=True)
class BiLSTMConfig:
    """The hyperparameters of a bidirectional LSTM language model.

    Attributes:
        vocab_size: number of tokens, V.
        d_model: width of the embeddings and of the states of one direction, D.
        n_layers: number of LSTM layers in each direction.
        dropout: on the embeddings and on the outputs of each LSTM layer.
    """

    vocab_size: int
    d_model: int = 256
    n_layers: int = 2
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes(self, "vocab_size", "d_model", "n_layers")
        check_dropout(self)


def reverse(x: Sequences, attention_mask: np.ndarray) -> Sequences:
    """Each row's tokens in reverse order; padding stays on the right. Applied twice, it gives x again.

    Shapes: x (B, T, ...), ids or states, attention_mask (B, T) → (B, T, ...).
    """
    attention_mask = token_mask(attention_mask, x)
    lengths = np.count_nonzero(attention_mask, axis=1, keepdims=True)  # (B, 1)
    positions = np.arange(attention_mask.shape[1])  # (T,)
    # Position t of the result comes from lengths - 1 - t among the tokens, and from t itself in the padding.
    source = np.where(positions < lengths, lengths - 1 - positions, positions)  # (B, T)
    return x[np.arange(len(source))[:, None], source]


def bidirectional_labels(ids: np.ndarray, attention_mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """What each position must predict: the next token in the forward model, the previous one in the backward model.

    Shapes: ids and attention_mask (B, T) → forward labels, backward labels (B, T). The label is `IGNORE` at padding,
    and where there is no token to predict: at the last token for the forward model, at the first for the backward.

    Raises:
        ValueError: if ids have no second token, or the mask's shape differs.
    """
    tokens, next_tokens = causal_lm(ids, attention_mask)  # (B, T - 1), positions 1 … T - 1 and 2 … T
    nothing = np.full((len(ids), 1), IGNORE)  # (B, 1)
    # Where position t + 1 is a token, its previous one is the token at t.
    previous_tokens = np.where(next_tokens == IGNORE, nothing, tokens)  # (B, T - 1)
    return np.concatenate([next_tokens, nothing], axis=1), np.concatenate([nothing, previous_tokens], axis=1)


class BiLSTMLanguageModel(nn.Module):
    """Two LSTM language models, one in each direction: `model(ids)`, `model.loss(ids)` and `model.layers(ids)`."""

    def __init__(self, config: BiLSTMConfig, generator: np.random.Generator | None = None) -> None:
        generator, width = random.chosen(generator), config.d_model
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, width)
        self.token_embedding.weight.data = initial.normal((config.vocab_size, width), width**-0.5, generator)
        self.forward_lstms = nn.ModuleList([nn.LSTMLayer(width, width, generator) for _ in range(config.n_layers)])
        self.backward_lstms = nn.ModuleList([nn.LSTMLayer(width, width, generator) for _ in range(config.n_layers)])
        self.dropout = nn.Dropout(config.dropout)

    def directions(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The states of the forward and of the backward model, each from the embeddings to the top layer.

        Shapes: (B, T) ids → two lists of n_layers + 1 tensors (B, T, D). In both, position k belongs to token k.

        Args:
            attention_mask: (B, T), 1 where there is a token. Padding must be on the right. The backward model starts
                at each row's last token.

        Raises:
            ValueError: if attention_mask has padding before a token, a shape other than that of ids, or a number other
                than 0 and 1.
            TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        """
        ids = check_ids(ids)
        attention_mask = token_mask(attention_mask, ids)
        check_right_padding(attention_mask)
        forward = self._read(ids, self.forward_lstms)
        # An LSTM reads from left to right only: reverse the text before, and the states after.
        backward = self._read(reverse(ids, attention_mask), self.backward_lstms)
        return forward, [reverse(states, attention_mask) for states in backward]

    def _read(self, ids: np.ndarray, lstms: nn.ModuleList) -> list[Tensor]:
        """One direction, in reading order: (B, T) ids → the embeddings and each layer's states, (B, T, D) each."""
        layers = [self.dropout(self.token_embedding(ids))]  # (B, T, D)
        for i, lstm in enumerate(lstms):
            outputs, _ = lstm(layers[-1])  # (B, T, D)
            outputs = self.dropout(outputs)
            # A residual connection around every layer but the first, whose input is the embedding.
            layers.append(outputs if i == 0 else layers[-1] + outputs)
        return layers

    def layers(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> list[Tensor]:
        """Both directions concatenated: (B, T) ids → n_layers + 1 tensors (B, T, 2D), the token layer first.

        The token layer is the embedding twice, so that all layers have the same width. Arguments and errors as in
        `directions`.
        """
        forward, backward = self.directions(ids, attention_mask)
        return [ops.concatenate(both, axis=-1) for both in zip(forward, backward, strict=True)]

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> tuple[Tensor, Tensor]:
        """Logits of the next token and of the previous one at each position: (B, T) ids → (B, T, V), (B, T, V)."""
        forward, backward = self.directions(ids, attention_mask)
        table = self.token_embedding.weight  # (V, D), the output layer of both
        return ops.linear(forward[-1], table), ops.linear(backward[-1], table)

    def loss(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """The sum of both directions' losses, in nats per token each: (B, T) ids → ()."""
        forward_labels, backward_labels = bidirectional_labels(ids, attention_mask)  # (B, T) each
        forward_logits, backward_logits = self(ids, attention_mask)  # (B, T, V) each
        # - mean log p(w_{k+1} | w_1 … w_k) - mean log p(w_{k-1} | w_T … w_k)
        return ops.cross_entropy(forward_logits, forward_labels) + ops.cross_entropy(backward_logits, backward_labels)


class LayerMixture(nn.Module):
    """γ Σ_j softmax(s)_j h_j: the mixture of layers that a task learns. Section 3.2, equation 1.

    Attributes:
        scores: (n_layers,), s. Initially zeros, so the mixture starts as the mean of the layers.
        gamma: (1,), γ, initially one.
    """

    def __init__(self, n_layers: int) -> None:
        n_layers = whole_number("n_layers", n_layers, at_least=1)
        self.scores = nn.Parameter(initial.full((n_layers,), 0))
        self.gamma = nn.Parameter(initial.full((1,), 1))

    def forward(self, layers: list[Tensor]) -> Tensor:
        """n_layers tensors of one shape → one of that shape.

        Raises:
            ValueError: if the number of layers differs.
        """
        if len(layers) != self.scores.size:
            raise ValueError(f"layers must be {self.scores.size} tensors, got {len(layers)}")
        weights = ops.softmax(self.scores).reshape((-1,) + (1,) * layers[0].ndim)  # (n_layers, 1, …, 1)
        return self.gamma * (weights * ops.stack(layers)).sum(axis=0)  # γ rescales, since softmax only averages


class ELMo(nn.Module):
    """A pretrained language model and one task's mixture of its layers: ids → a vector for each token.

    Args:
        frozen: whether the language model keeps its pretrained weights, as in the paper (section 3.3). It then runs
            without the tape and without dropout, and only the mixture gets a gradient. An optimizer may be given all
            parameters: it skips those without a gradient.

    Attributes:
        d_vector: width of the vectors, 2D.
    """

    def __init__(self, model: BiLSTMLanguageModel, frozen: bool = True) -> None:
        self.model = model
        self.mixture = LayerMixture(model.config.n_layers + 1)
        self.frozen = frozen
        self.d_vector = 2 * model.config.d_model

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """(B, T) ids → (B, T, 2D). Arguments and errors as in `BiLSTMLanguageModel.directions`."""
        if not self.frozen:
            return self.mixture(self.model.layers(ids, attention_mask))
        self.model.eval()  # train() of a classifier that contains this module reaches the language model too
        with no_grad():
            layers = self.model.layers(ids, attention_mask)  # n_layers + 1 of (B, T, 2D)
        return self.mixture(layers)  # (B, T, 2D)
