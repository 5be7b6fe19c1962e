"""How models fill in a blank: the logits of the words that could stand there, from what is before it and behind it.

    from_the_left     GPT and LSTM: what follows the text before the blank
    from_both_sides   ELMo: the forward model from the left and the backward model from the right, their logits added
    at_the_mask       BERT: [MASK] in the blank

A model that reads from the left does not see what comes after a blank. That is the point of the comparison.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from experiments.lab.probes import Probe
from experiments.text.toy_world.tasks.blanks import Blank
from experiments.text.toy_world.vocabulary import CLS, EOS, MASK, SEP, START, tokenizer
from models.bert import BERT
from models.elmo import BiLSTMLanguageModel
from models.gpt import GPT
from models.inputs import pad_batch
from models.lstm_lm import LSTMLanguageModel

Fill = Callable[[Any, Sequence[Blank]], np.ndarray]
"""A model and N blanks → the logits of each blank, (N, V)."""


def from_the_left(model: GPT | LSTMLanguageModel, blanks: Sequence[Blank]) -> np.ndarray:
    """The logits behind `[START] before`."""
    rows = [_encode(f"{START} {blank.before}") for blank in blanks]
    ids, attention_mask = pad_batch(rows)
    last = attention_mask.sum(axis=1) - 1  # (N,)
    logits: np.ndarray = model(ids).numpy()[np.arange(len(rows)), last]
    return logits


def from_both_sides(model: BiLSTMLanguageModel, blanks: Sequence[Blank]) -> np.ndarray:
    """log p(word | before) + log p(word | after), up to a constant: the blank itself is read by neither model."""
    before = [_encode(f"{START} {blank.before}") for blank in blanks]
    after = [_encode(f"{blank.after} {EOS}") for blank in blanks]
    ids, attention_mask = pad_batch(before)
    forward = model(ids, attention_mask)[0].numpy()[np.arange(len(before)), attention_mask.sum(axis=1) - 1]
    ids, attention_mask = pad_batch(after)
    backward = model(ids, attention_mask)[1].numpy()[:, 0]
    logits: np.ndarray = forward + backward
    return logits


def at_the_mask(model: BERT, blanks: Sequence[Blank]) -> np.ndarray:
    """The logits at the mask of `[CLS] before [MASK] after [SEP]`."""
    before = [_encode(f"{CLS} {blank.before}") for blank in blanks]
    rows = [[*left, *_encode(f"{MASK} {blank.after} {SEP}")] for left, blank in zip(before, blanks, strict=True)]
    ids, attention_mask = pad_batch(rows)
    hidden = model(ids, attention_mask)[np.arange(len(rows)), np.array([len(left) for left in before])]
    logits: np.ndarray = model.masked_lm_logits(hidden).numpy()
    return logits


def correct(logits: np.ndarray, blanks: Sequence[Blank]) -> np.ndarray:
    """Whether the right word has the highest logit among the choices: (N, V) → (N,) booleans."""
    ids = tokenizer().ids
    right = [
        row[ids[blank.choices[0]]] > max(row[ids[word]] for word in blank.choices[1:])
        for row, blank in zip(logits, blanks, strict=True)
    ]
    return np.array(right)


def accuracy_of(fill: Fill, blanks: Sequence[Blank]) -> Probe:
    """A probe: the share of the blanks that a model fills in correctly."""

    def accuracy(model: Any) -> float:
        return float(correct(fill(model, blanks), blanks).mean())

    return accuracy


def _encode(text: str) -> list[int]:
    return tokenizer().encode(text)
