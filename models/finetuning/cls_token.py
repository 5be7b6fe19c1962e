"""Finetuning an encoder: [CLS], the first token, attends to the whole input; a linear layer on its state predicts.

    one text     [CLS] text [SEP]                token_type_ids  0 0 … 0
    two texts    [CLS] text [SEP] other [SEP]    token_type_ids  0 0 … 0 1 … 1

The tokenizer builds these inputs (`tokenizer.WordPiece.encode_pair`).

    C = tanh(P h_1 + p),   y = A C + b

P and p, the pooler, come from pretraining, where next-sentence prediction trained them; A and b are new.
The label is a class (`CLSClassifier`) or a number (`CLSRegressor`).

Source: Devlin et al. 2018, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
section 4.1; appendix A.3 for the dropout of 0.1.
"""

from typing import Protocol

import numpy as np

from minigrad import Tensor, nn
from models.finetuning.heads import new_head
from models.inputs import check_ids, check_mask


class Encoder(Protocol):
    """What these classifiers require of the model below them."""

    def hidden_states(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, token_type_ids: np.ndarray | None = None
    ) -> Tensor:
        """(B, T) ids → (B, T, D)."""
        ...

    def pooled(self, hidden: Tensor) -> Tensor:
        """(B, T, D) → (B, D), C in the formula above."""
        ...


class CLSClassifier(nn.Module):
    """Pooler, dropout and a linear layer on the state of [CLS]: classes of one text or of two."""

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
        # Every token attends to every other, so any state could represent the whole input. [CLS] is no word, and
        # next-sentence prediction has already trained its state to describe both texts.
        hidden = self.model.hidden_states(ids, attention_mask, token_type_ids)  # (B, T, D)
        return self.head(self.dropout(self.model.pooled(hidden)))


class CLSRegressor(CLSClassifier):
    """A `CLSClassifier` with a single output, for scores such as STS-B's similarity from 0 to 5."""

    def __init__(
        self, model: Encoder, d_model: int, generator: np.random.Generator | None = None, dropout: float = 0.1
    ) -> None:
        super().__init__(model, d_model, 1, generator, dropout)

    def forward(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, token_type_ids: np.ndarray | None = None
    ) -> Tensor:
        """Predicted scores: ids, attention_mask and token_type_ids (B, T) → (B,).

        The loss is `ops.mse_loss(predicted, scores)`. Predictions start near 0, so training is faster if the scores'
        mean is subtracted first.
        """
        return super().forward(ids, attention_mask, token_type_ids)[:, 0]  # (B, 1) → (B,), the shape of the scores


def check_cls(attention_mask: np.ndarray | None, ids: np.ndarray) -> np.ndarray | None:
    """The mask (B, T) as booleans, or None. Raises ValueError if a row starts with padding, where [CLS] belongs."""
    attention_mask = check_mask(attention_mask, ids)
    if attention_mask is not None and not np.all(attention_mask[:, 0]):
        row = int(np.argmin(attention_mask[:, 0]))
        raise ValueError(f"attention_mask must be 1 at [CLS], the first position, got 0 in row {row}; pad on the right")
    return attention_mask
