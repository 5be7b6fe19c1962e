"""ELMo: contextual token vectors from two language models, one reading from each side.

    forward LSTMs    w_1 … w_k    →  states that predict w_{k+1}
    backward LSTMs   w_T … w_k    →  states that predict w_{k-1}
    ELMo's vector    γ Σ_j softmax(s)_j h_kj, where h_kj joins the states of layer j from both sides

The directions share only the embedding and the output layer. If a layer between them read both directions, each
position would already have seen the token that it must predict. (BERT reads both at once, so it needs another
objective.) A task leaves the language model unchanged and learns only s and γ.

As in the paper, each LSTM layer but the first adds its outputs to its inputs (a residual connection). The paper's model
is larger: it embeds a word by convolutions over its characters, and its LSTMs have projections. Here the output layer
is tied to the embedding, as in `lstm_lm.py`.

Source: Peters et al. 2018, "Deep contextualized word representations", sections 3.1, 3.2 and 3.4.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from minigrad import IGNORE, Tensor, nn, no_grad, ops, random
from minigrad.checks import number, whole_number
from minigrad.nn import initial
from models.inputs import check_ids, check_right_padding, check_sizes, token_mask
from models.objectives.causal_lm import causal_lm

Sequences = TypeVar("Sequences", np.ndarray, Tensor)


@dataclass(frozen=True)
class BiLSTMConfig:
    """The hyperparameters of a bidirectional LSTM language model.

    Attributes:
        vocab_size: number of tokens, V.
        d_model: width of the embeddings and of the states of one direction, D.
        n_layers: number of LSTM layers in each direction.
        dropout: rate of dropout on the embeddings and on the outputs of each LSTM layer.
    """

    vocab_size: int
    d_model: int = 256
    n_layers: int = 2
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes(self, "vocab_size", "d_model", "n_layers")
        number("dropout", self.dropout, at_least=0, below=1)


def reverse(x: Sequences, attention_mask: np.ndarray) -> Sequences:
    """Each row's tokens in reverse order, with the padding still on the right. Applied twice, it returns x.

    Shapes: x (B, T, ...), ids or states, attention_mask (B, T) → (B, T, ...).
    """
    attention_mask = token_mask(attention_mask, x)
    # Flipping whole rows would put the padding first. A row of 3 tokens and 2 padding positions reads 2 1 0 3 4.
    lengths, positions = np.count_nonzero(attention_mask, axis=1, keepdims=True), np.arange(attention_mask.shape[1])
    source = np.where(positions < lengths, lengths - 1 - positions, positions)  # (B, T)
    return x[np.arange(len(source))[:, None], source]


def bidirectional_labels(ids: np.ndarray, attention_mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The labels of both directions: the next token for the forward model, the previous one for the backward model.

    Shapes: ids and attention_mask (B, T) → forward labels, backward labels (B, T). A row's last token has no next
    token, and its first no previous one. The label there, and at padding, is `IGNORE`.

    Raises:
        ValueError: if ids have no second token, or the mask's shape differs.
    """
    # Pairs of neighbours (w_k, w_{k+1}) serve both directions: the left one predicts the right one, and vice versa. So
    # w_1 w_2 w_3 has forward labels w_2 w_3 · and backward labels · w_1 w_2.
    tokens, next_tokens = causal_lm(ids, attention_mask)  # (B, T - 1), (B, T - 1)
    nothing = np.full((len(ids), 1), IGNORE)  # (B, 1)
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
            attention_mask: (B, T), 1 where there is a token. Padding may be on the right only. The backward model
                starts at each row's last token.

        Raises:
            ValueError: if attention_mask has padding to the left of a token, has a shape other than that of ids, or
                holds a number other than 0 and 1.
            TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        """
        ids = check_ids(ids)
        attention_mask = token_mask(attention_mask, ids)
        check_right_padding(attention_mask)
        # Two separate stacks: if layer 2 read both directions of layer 1, its forward state at k would hold w_{k+1},
        # which the backward LSTM has already read, and the loss could fall to 0 without learning any language.
        forward = self._read(ids, self.forward_lstms)
        backward = self._read(reverse(ids, attention_mask), self.backward_lstms)
        # The backward states run from the last token to the first; reverse them, so that k is token k in both.
        return forward, [reverse(states, attention_mask) for states in backward]

    def _read(self, ids: np.ndarray, lstms: nn.ModuleList) -> list[Tensor]:
        """One direction, in its reading order: (B, T) ids → embeddings and each layer's states, (B, T, D) each."""
        layers = [self.dropout(self.token_embedding(ids))]  # (B, T, D)
        for i, lstm in enumerate(lstms):
            outputs, _ = lstm(layers[-1])  # (B, T, D)
            outputs = self.dropout(outputs)
            layers.append(outputs if i == 0 else layers[-1] + outputs)
        return layers

    def layers(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> list[Tensor]:
        """Both directions concatenated: (B, T) ids → n_layers + 1 tensors (B, T, 2D), the token layer first.

        The token layer repeats the embedding, so that all layers have the same width. Arguments and errors as in
        `directions`.
        """
        # The directions meet only here, after pretraining: a task predicts no token, so nothing has to be hidden.
        forward, backward = self.directions(ids, attention_mask)
        return [ops.concatenate(both, axis=-1) for both in zip(forward, backward, strict=True)]

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> tuple[Tensor, Tensor]:
        """Logits of the next token and of the previous one at each position: (B, T) ids → (B, T, V), (B, T, V)."""
        forward, backward = self.directions(ids, attention_mask)
        table = self.token_embedding.weight  # (V, D), the output layer of both directions
        return ops.linear(forward[-1], table), ops.linear(backward[-1], table)

    def loss(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """The sum of both directions' losses, each in nats per token: (B, T) ids → ()."""
        forward_labels, backward_labels = bidirectional_labels(ids, attention_mask)
        forward_logits, backward_logits = self(ids, attention_mask)
        return ops.cross_entropy(forward_logits, forward_labels) + ops.cross_entropy(backward_logits, backward_labels)


class LayerMixture(nn.Module):
    """γ Σ_j softmax(s)_j h_j, a task's weighted mean of the layers. Section 3.2, equation 1.

    Lower layers say more about syntax and higher ones about meaning, so each task learns its own weights.

    Attributes:
        scores: (n_layers,), s. Zeros at the start, which gives the plain mean of the layers.
        gamma: (1,), γ, which scales the vectors to what the task needs. One at the start.
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
        # With three layers and s = (0, 0, 0), each weight is 1/3; s = (0, 0, 2) gives 0.11, 0.11 and 0.79.
        weights = ops.softmax(self.scores).reshape((-1,) + (1,) * layers[0].ndim)  # (n_layers, 1, 1, 1)
        return self.gamma * (weights * ops.stack(layers)).sum(axis=0)


class ELMo(nn.Module):
    """A pretrained language model and one task's mixture of its layers: ids → a vector for each token.

    Args:
        frozen: whether the language model stays as it was pretrained, as in the paper (section 3.3). It then runs
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
        """(B, T) ids → (B, T, 2D). The mask and the errors as in `BiLSTMLanguageModel.directions`."""
        if not self.frozen:  # finetuning instead: the task's gradient reaches the LSTMs
            return self.mixture(self.model.layers(ids, attention_mask))
        self.model.eval()  # train() of a classifier above reaches the language model too
        with no_grad():
            layers = self.model.layers(ids, attention_mask)
        return self.mixture(layers)
