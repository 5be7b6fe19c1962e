"""BiLSTM + ELMo + attention: the best system on GLUE before Transformers were finetuned for it.

    one text     ELMo → BiLSTM → max over time → u                             MLP(u)
    two texts    ELMo → BiLSTM → a_1 … a_T and b_1 … b_S
                 each a_t attends to all of b, each b_s to all of a
                 [a_t; its mean of b] → BiLSTM → max over time → u
                 [b_s; its mean of a] → BiLSTM → max over time → v             MLP([u; v; |u - v|; u * v])

Every layer here is new for each task, and the language model below does not change. Finetuning
(`models/finetuning`) is the opposite: almost every layer comes from pretraining, and all of them change.

Smaller than in the paper: the first BiLSTM has one layer instead of two.

Sources: the lecture's table of BERT's results on GLUE; Wang et al. 2018, "GLUE: A Multi-Task Benchmark and
Analysis Platform for Natural Language Understanding", section 5. The attention between the texts follows
Seo et al. 2016, "Bidirectional Attention Flow for Machine Comprehension", in a simpler form.
"""

import numpy as np

from minigrad import Tensor, nn, ops
from minigrad.checks import whole_number
from models.elmo import ELMo, reverse
from models.inputs import check_ids, check_no_empty_row, token_mask

NOWHERE = -1e9  # replaces the states at padding, so that they are never the maximum


class WordVectors(nn.Module):
    """Static word vectors in ELMo's place: the same architecture without pretrained context.

    Args:
        table: the vectors, such as `SkipGram.centre`.
        frozen: whether they keep their values.

    Attributes:
        d_vector: width of the vectors, D.
    """

    def __init__(self, table: nn.Embedding, frozen: bool = True) -> None:
        self.table = table
        self.frozen = frozen
        self.d_vector = table.weight.shape[1]

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """(B, T) ids → (B, T, D). The mask is not needed: a word's vector does not depend on its neighbours."""
        vectors = self.table(ids)  # (B, T, D)
        return vectors.detach() if self.frozen else vectors


class BiLSTM(nn.Module):
    """One LSTM layer in each direction, their outputs concatenated.

    Together they have read the whole text at each position, which a language model must not.
    """

    def __init__(self, input_size: int, hidden_size: int, generator: np.random.Generator | None = None) -> None:
        whole_number("hidden_size", hidden_size, at_least=1)
        self.forward_lstm = nn.LSTMLayer(input_size, hidden_size, generator)
        self.backward_lstm = nn.LSTMLayer(input_size, hidden_size, generator)

    def forward(self, x: Tensor, attention_mask: np.ndarray) -> Tensor:
        """x (B, T, input_size), attention_mask (B, T) with padding on the right → (B, T, 2 · hidden_size)."""
        forward, _ = self.forward_lstm(x)  # (B, T, N)
        backward, _ = self.backward_lstm(reverse(x, attention_mask))  # (B, T, N), from the last token to the first
        # Reversed again, so that both halves of a vector belong to the same token: (B, T, 2N).
        return ops.concatenate([forward, reverse(backward, attention_mask)], axis=-1)


class MLP(nn.Module):
    """Dropout, a hidden layer with tanh, dropout and the output layer: (B, in_features) → (B, n_labels)."""

    def __init__(
        self, in_features: int, hidden_size: int, n_labels: int, dropout: float, generator: np.random.Generator | None
    ) -> None:
        whole_number("n_labels", n_labels, at_least=1)
        self.hidden = nn.Linear(in_features, hidden_size, generator=generator)
        self.out = nn.Linear(hidden_size, n_labels, generator=generator)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        hidden = ops.tanh(self.hidden(self.dropout(x)))  # (B, hidden_size)
        return self.out(self.dropout(hidden))  # (B, n_labels)


class ElmoClassifier(nn.Module):
    """Classifies one text.

    Args:
        elmo: gives the token vectors. What is pretrained in it is trained only if it is not frozen.
        hidden_size: width of the BiLSTM, in each direction, and of the MLP.
        n_labels: number of labels; 1 for a score.
        dropout: on ELMo's vectors and in the MLP.
    """

    def __init__(
        self,
        elmo: ELMo | WordVectors,
        hidden_size: int,
        n_labels: int,
        generator: np.random.Generator | None = None,
        dropout: float = 0.2,
    ) -> None:
        self.elmo = elmo
        self.dropout = nn.Dropout(dropout)
        self.encoder = BiLSTM(elmo.d_vector, hidden_size, generator)
        self.mlp = MLP(2 * hidden_size, hidden_size, n_labels, dropout, generator)

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray) -> Tensor:
        """Logits of the labels: ids and attention_mask (B, T), padded on the right → (B, n_labels).

        Raises:
            ValueError: if a row has no token, or padding before a token.
        """
        ids = check_ids(ids)
        attention_mask = token_mask(attention_mask, ids)
        vectors = self.dropout(self.elmo(ids, attention_mask))  # (B, T, 2D)
        encoded = self.encoder(vectors, attention_mask)  # (B, T, 2N)
        return self.mlp(max_over_time(encoded, attention_mask))  # (B, n_labels)


class ElmoPairClassifier(nn.Module):
    """Classifies two texts, such as premise and hypothesis. Arguments as in `ElmoClassifier`."""

    def __init__(
        self,
        elmo: ELMo | WordVectors,
        hidden_size: int,
        n_labels: int,
        generator: np.random.Generator | None = None,
        dropout: float = 0.2,
    ) -> None:
        self.elmo = elmo
        self.dropout = nn.Dropout(dropout)
        self.encoder = BiLSTM(elmo.d_vector, hidden_size, generator)
        self.comparison = BiLSTM(4 * hidden_size, hidden_size, generator)
        self.mlp = MLP(8 * hidden_size, hidden_size, n_labels, dropout, generator)

    def forward(
        self, ids: np.ndarray, attention_mask: np.ndarray, other_ids: np.ndarray, other_attention_mask: np.ndarray
    ) -> Tensor:
        """Logits: ids (B, T) and other_ids (B, S), padded on the right, each with its mask → (B, n_labels).

        Raises:
            ValueError: if a row has no token, or padding before a token.
        """
        ids, other_ids = check_ids(ids), check_ids(other_ids, name="other_ids")
        if len(ids) != len(other_ids):
            raise ValueError(f"other_ids must be as many rows as ids, {len(ids)}, got {len(other_ids)}")
        attention_mask = token_mask(attention_mask, ids)
        other_attention_mask = token_mask(other_attention_mask, other_ids, "other_attention_mask")
        a = self.encoder(self.dropout(self.elmo(ids, attention_mask)), attention_mask)  # (B, T, 2N)
        b = self.encoder(self.dropout(self.elmo(other_ids, other_attention_mask)), other_attention_mask)  # (B, S, 2N)
        u = self._compare(a, attention_mask, b, other_attention_mask)  # (B, 2N)
        v = self._compare(b, other_attention_mask, a, attention_mask)  # (B, 2N)
        # |u - v| and u * v show the MLP in which units the texts differ or agree: (B, 8N).
        return self.mlp(ops.concatenate([u, v, ops.abs(u - v), u * v], axis=-1))

    def _compare(self, a: Tensor, a_mask: np.ndarray, b: Tensor, b_mask: np.ndarray) -> Tensor:
        """One vector for a, whose tokens attend to b: a (B, T, 2N), b (B, S, 2N) → (B, 2N)."""
        with_other = ops.concatenate([a, attend(a, b, b_mask)], axis=-1)  # (B, T, 4N)
        return max_over_time(self.comparison(self.dropout(with_other), a_mask), a_mask)


def attend(a: Tensor, b: Tensor, b_mask: np.ndarray) -> Tensor:
    """For each a_t the mean of b, weighted by softmax over s of a_t · b_s: a (B, T, N), b (B, S, N) → (B, T, N)."""
    a, b = ops.expand_dims(a, 1), ops.expand_dims(b, 1)  # one head: (B, 1, T, N), (B, 1, S, N)
    return ops.squeeze(ops.attention(a, b, b, mask=b_mask, scale=1.0), 1)


def max_over_time(states: Tensor, attention_mask: np.ndarray) -> Tensor:
    """The maximum of each unit over the tokens: (B, T, N) → (B, N).

    Raises:
        ValueError: if a row has no token.
    """
    attention_mask = token_mask(attention_mask, states)
    check_no_empty_row(attention_mask)
    return ops.where(attention_mask[..., None], states, NOWHERE).max(axis=1)
