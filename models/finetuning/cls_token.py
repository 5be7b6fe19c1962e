"""Finetuning an encoder: the first token, [CLS], attends to the whole input, and a linear layer reads its state.

    one text     [CLS] text [SEP]                token_type_ids  0 0 … 0
    two texts    [CLS] text [SEP] other [SEP]    token_type_ids  0 0 … 0 1 … 1

The tokenizer adds the special tokens (`tokenizer.WordPiece.encode_pair`).

    C = tanh(P h_1 + p),   y = A C + b

P and p, the pooler, are pretrained on next-sentence prediction; A and b are new. The label is a class
(`CLSClassifier`) or a number (`CLSRegressor`).

Source: Devlin et al. 2018, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
section 4.1; appendix A.3 for the dropout of 0.1.
"""

from typing import Protocol

import numpy as np

from minigrad import Tensor, nn
from models.finetuning.heads import new_head
from models.inputs import check_ids, check_mask


class Encoder(Protocol):
    """What these classifiers need of the model below them."""

    def hidden_states(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, token_type_ids: np.ndarray | None = None
    ) -> Tensor:
        """(B, T) ids → (B, T, D)."""
        ...

    def pooled(self, hidden: Tensor) -> Tensor:
        """(B, T, D) → (B, D), C in the formula above."""
        ...


class CLSClassifier(nn.Module):
    """Pooler, dropout and a linear layer on the state of [CLS]: classifies one text or a pair of texts."""

    def __init__(
        self,
        model: Encoder,
        d_model: int,
        n_labels: int,
        generator: np.random.Generator | None = None,
        dropout: float = 0.1,
    ) -> None:
        self.model = model
        self.dropout = nn.Dropout(dropout)
        self.head = new_head(d_model, n_labels, generator)

    def forward(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, token_type_ids: np.ndarray | None = None
    ) -> Tensor:
        """Logits of the labels: ids, attention_mask and token_type_ids (B, T) → (B, n_labels).

        The loss is `ops.cross_entropy(logits, labels)`.

        Raises:
            ValueError: if a row has padding where [CLS] belongs, or as for the model below.
            TypeError: as for the model below.
        """
        ids = check_ids(ids)
        attention_mask = check_cls(attention_mask, ids)
        hidden = self.model.hidden_states(ids, attention_mask, token_type_ids)  # (B, T, D)
        # Only [CLS] is read: its state must sum up the whole input, and the gradient teaches it to.
        pooled = self.model.pooled(hidden)  # (B, D), C
        return self.head(self.dropout(pooled))  # (B, n_labels), y


class CLSRegressor(CLSClassifier):
    """The same with a single output, for scores such as STS-B's similarity from 0 to 5."""

    def __init__(
        self, model: Encoder, d_model: int, generator: np.random.Generator | None = None, dropout: float = 0.1
    ) -> None:
        super().__init__(model, d_model, 1, generator, dropout)

    def forward(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, token_type_ids: np.ndarray | None = None
    ) -> Tensor:
        """Predicted scores: ids, attention_mask and token_type_ids (B, T) → (B,).

        The loss is `ops.mse_loss(predicted, scores)`. Predictions start near 0, so scores are learnt sooner if
        their mean is subtracted.
        """
        return super().forward(ids, attention_mask, token_type_ids)[:, 0]  # (B, 1) → (B,)


def check_cls(attention_mask: np.ndarray | None, ids: np.ndarray) -> np.ndarray | None:
    """The mask (B, T) as booleans, or None. Raises ValueError if it has padding where [CLS] belongs, at the start."""
    attention_mask = check_mask(attention_mask, ids)
    if attention_mask is not None and not np.all(attention_mask[:, 0]):
        row = int(np.argmin(attention_mask[:, 0]))
        # With padding on the left, the first position would be no [CLS] at all.
        raise ValueError(f"attention_mask must be 1 at [CLS], the first position, got 0 in row {row}; pad on the right")
    return attention_mask
