"""Finetuning a decoder: only the last token attends to the whole text, so a linear layer reads its state.

    h_1 … h_T = model(w_1 … w_T),   y = A h_T + b

A task with more than one text becomes one sequence of tokens, or several:

    classification     [START] text [EXTRACT]                        A h_T + b
    entailment         [START] premise [DELIM] hypothesis [EXTRACT]  A h_T + b
    similarity         [START] one [DELIM] other [EXTRACT]           A (h_T + h'_T) + b, where h' are the states
                       [START] other [DELIM] one [EXTRACT]           of the other order
    multiple choice    [START] context [DELIM] choice [EXTRACT]      a · h_T, one score a choice; the softmax
                                                                     is over the choices

Sources: the lecture, "Pretraining decoders" and "Generative Pretrained Transformer (GPT)";
Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training", sections 3.2 and 3.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from minigrad import Tensor, nn, ops
from minigrad.checks import integers, number, whole_number, zero_one_mask
from models.finetuning.heads import new_head
from models.inputs import check_ids, check_no_empty_row, check_texts, check_vocabulary, token_mask
from models.objectives.causal_lm import causal_lm


class TextModel(Protocol):
    """What a classifier needs of the model below it."""

    def hidden_states(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """(B, T) ids → (B, T, D)."""
        ...


class LanguageModel(TextModel, Protocol):
    """What the auxiliary loss needs in addition."""

    def logits(self, hidden: Tensor) -> Tensor:
        """(B, T, D) → (B, T, V), of the next token."""
        ...


@dataclass(frozen=True)
class GPTInputs:
    """Lays out texts, as lists of ids, as a finetuned GPT reads them.

    Attributes:
        start_id, delimiter_id, extract_id: [START], [DELIM] and [EXTRACT], three tokens that occur in no text.

    Raises:
        ValueError: if one of them is negative, or two are the same.
        TypeError: if one of them is not an integer.
    """

    start_id: int
    delimiter_id: int
    extract_id: int

    def __post_init__(self) -> None:
        for name in ("start_id", "delimiter_id", "extract_id"):
            whole_number(name, getattr(self, name), at_least=0)
        if len({self.start_id, self.delimiter_id, self.extract_id}) < 3:
            raise ValueError(f"start_id, delimiter_id and extract_id must differ from each other, got {self}")

    def classification(self, text: Sequence[int]) -> list[int]:
        """[START] text [EXTRACT]"""
        return [self.start_id, *check_vocabulary("text", text).tolist(), self.extract_id]

    def entailment(self, premise: Sequence[int], hypothesis: Sequence[int]) -> list[int]:
        """[START] premise [DELIM] hypothesis [EXTRACT]"""
        premise, hypothesis = check_texts("texts", (premise, hypothesis))
        return [self.start_id, *premise, self.delimiter_id, *hypothesis, self.extract_id]

    def similarity(self, one: Sequence[int], other: Sequence[int]) -> tuple[list[int], list[int]]:
        """The pair in both orders, because neither text is the first."""
        return self.entailment(one, other), self.entailment(other, one)

    def multiple_choice(self, context: Sequence[int], choices: Sequence[Sequence[int]]) -> list[list[int]]:
        """A sequence for each choice. The context is everything before it: document, question or both."""
        return [self.entailment(context, choice) for choice in choices]


def last_token(hidden: Tensor, attention_mask: np.ndarray) -> Tensor:
    """The state of the last token of each row, whichever side the padding is on: (B, T, D) → (B, D).

    Raises:
        ValueError: if a row has no token, or the mask does not fit.
        TypeError: if the mask holds neither integers nor booleans.
    """
    attention_mask = token_mask(attention_mask, hidden)
    check_no_empty_row(attention_mask)
    # argmax returns the first 1, and so in the reversed mask the last one.
    last = attention_mask.shape[1] - 1 - np.argmax(attention_mask[:, ::-1], axis=1)  # (B,)
    return hidden[np.arange(len(last)), last]  # (B, D)


class LastTokenClassifier(nn.Module):
    """A linear layer on the last token's state, A and b in the formula above, for classification and entailment."""

    def __init__(
        self, model: TextModel, d_model: int, n_labels: int, generator: np.random.Generator | None = None
    ) -> None:
        self.model = model
        self.head = new_head(d_model, n_labels, generator)

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray) -> Tensor:
        """Logits of the labels: ids and attention_mask (B, T) → (B, n_labels).

        Padding may be on either side, if the model below allows it.

        Raises:
            ValueError: if a row has no token.
        """
        hidden = self.model.hidden_states(ids, attention_mask)  # (B, T, D)
        return self.head(last_token(hidden, attention_mask))  # (B, n_labels)


class SimilarityClassifier(nn.Module):
    """For pairs without an order: a linear layer on the sum of the last states of both orders."""

    def __init__(
        self, model: TextModel, d_model: int, n_labels: int, generator: np.random.Generator | None = None
    ) -> None:
        self.model = model
        self.head = new_head(d_model, n_labels, generator)

    def forward(self, ids: np.ndarray, swapped_ids: np.ndarray, attention_mask: np.ndarray) -> Tensor:
        """Logits of the labels: ids in one order and in the other, both (B, T) → (B, n_labels).

        Args:
            attention_mask: (B, T), for both, because a pair is as long in either order.

        Raises:
            ValueError: if a row has no token.
        """
        ids, swapped_ids = check_ids(ids), check_ids(swapped_ids, name="swapped_ids")
        if swapped_ids.shape != ids.shape:
            raise ValueError(f"swapped_ids must have the shape of ids, {ids.shape}, got {swapped_ids.shape}")
        one = last_token(self.model.hidden_states(ids, attention_mask), attention_mask)  # (B, D)
        other = last_token(self.model.hidden_states(swapped_ids, attention_mask), attention_mask)  # (B, D)
        return self.head(one + other)  # a sum does not depend on the order


class MultipleChoice(nn.Module):
    """One vector scores each choice; the label is the index of the right choice.

    There is no bias: it would add the same number to every choice, which does not change the softmax.
    """

    def __init__(self, model: TextModel, d_model: int, generator: np.random.Generator | None = None) -> None:
        self.model = model
        self.head = new_head(d_model, 1, generator)
        self.head.bias = None

    def forward(self, ids: np.ndarray, attention_mask: np.ndarray) -> Tensor:
        """Logits of the choices: ids and attention_mask (B, n_choices, T) → (B, n_choices).

        Raises:
            ValueError: if a choice has no token, or ids have another number of axes.
            TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        """
        ids, attention_mask = integers("ids", ids), zero_one_mask("attention_mask", attention_mask)
        if ids.ndim != 3 or ids.size == 0 or attention_mask.shape != ids.shape:
            raise ValueError(
                f"ids and attention_mask must have the shape (B, n_choices, T), got {ids.shape}, {attention_mask.shape}"
            )
        batch, n_choices, length = ids.shape
        # The model reads every choice as a row of its own; the softmax of the loss then compares those of one question.
        ids, attention_mask = ids.reshape(-1, length), attention_mask.reshape(-1, length)  # (B · n_choices, T)
        states = last_token(self.model.hidden_states(ids, attention_mask), attention_mask)  # (B · n_choices, D)
        return self.head(states).reshape((batch, n_choices))


def loss_with_language_modelling(
    classifier: LastTokenClassifier,
    ids: np.ndarray,
    attention_mask: np.ndarray,
    labels: np.ndarray,
    lm_weight: float = 0.5,
) -> Tensor:
    """The task's loss plus `lm_weight` times the language-modelling loss on its texts: L3 = L2 + λ L1 in the paper.

    Shapes: ids and attention_mask (B, T), labels (B,) → (). Both losses share one forward pass. The classifier's model
    must be a language model (`GPT`). The default weight is the paper's.

    Raises:
        ValueError: if lm_weight is negative or not finite, a label is not one of the classifier's, or a shape differs.
        TypeError: if ids or labels are not integers, or the mask holds neither integers nor booleans.
    """
    lm_weight = number("lm_weight", lm_weight, at_least=0)
    model = cast(LanguageModel, classifier.model)
    hidden = model.hidden_states(ids, attention_mask)  # (B, T, D)
    _, next_tokens = causal_lm(ids, attention_mask)  # (B, T - 1)
    task_loss = ops.cross_entropy(classifier.head(last_token(hidden, attention_mask)), labels)  # L2
    # The last position has nothing to predict: L1 is over the T - 1 before it.
    return task_loss + lm_weight * ops.cross_entropy(model.logits(hidden[:, :-1]), next_tokens)
