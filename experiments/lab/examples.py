"""Examples of a task as models read them: encoded, in the layout of each family.

    decoder, LSTM      [START] first [EXTRACT]            [START] first [DELIM] second [EXTRACT]
    encoder            [CLS] first [SEP]                  [CLS] first [SEP] second [SEP]
    ELMo's BiLSTM      [START] first </s>                 each text on its own

The labels of a task without names of labels are scores; they are standardized (see `standardized`).

Texts are encoded with the toy world's vocabulary and are never cut, unless an `Encoding` says otherwise. A text that is
too long loses its end. Of a pair that is too long, the longer text loses its end first, until both are equally long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from experiments.lab.metrics import accuracy
from experiments.lab.ways import (
    CLSScore,
    CLSToken,
    LastToken,
    LastTokenScore,
    Metric,
    OneText,
    TwoTexts,
    TwoTextsScore,
)
from experiments.text.toy_world.vocabulary import CLS, DELIM, EOS, EXTRACT, SEP, START, tokenizer
from minigrad.checks import whole_number
from models.finetuning import GPTInputs, pad_batch
from tokenizer import WordPiece


class Example(Protocol):
    """One or two texts with the number of their label, or with a score."""

    @property
    def first(self) -> str:
        """The only text, or the first of two."""

    @property
    def second(self) -> str | None:
        """The second text, if there is one."""

    @property
    def label(self) -> Any:
        """The number of the label, or a score."""


Examples = Sequence[Example]

SHORTEST = 8
"""The least length that inputs may be cut to: three special tokens, and something of two texts."""


@dataclass(frozen=True)
class Encoding:
    """How texts become ids.

    Attributes:
        words: the vocabulary; it has [START], [DELIM], [EXTRACT], </s>, [CLS] and [SEP].
        longest: the most tokens of an input, special tokens included. A longer one is cut.
    """

    words: WordPiece
    longest: int | None = None

    def __post_init__(self) -> None:
        if self.longest is not None:
            whole_number("longest", self.longest, at_least=SHORTEST)

    @property
    def gpt_inputs(self) -> GPTInputs:
        """The layout for decoders."""
        return GPTInputs(*self.special(START, DELIM, EXTRACT))

    def special(self, *tokens: str) -> list[int]:
        """The ids of special tokens."""
        return [self.words.ids[token] for token in tokens]

    def one(self, text: str, n_special: int) -> list[int]:
        """The ids of a text, cut so that there is room for the special tokens."""
        ids = self.words.encode(text)
        return ids if self.longest is None else ids[: self.longest - n_special]

    def two(self, first: str, second: str, n_special: int) -> tuple[list[int], list[int]]:
        """The ids of two texts in one input."""
        one, other = self.words.encode(first), self.words.encode(second)
        if self.longest is None:
            return one, other
        room = self.longest - n_special
        other = other[: max(room - len(one), room // 2)]
        return one[: room - len(other)], other


TOY_WORLD = Encoding(tokenizer())
GPT_INPUTS = TOY_WORLD.gpt_inputs
FORMAT_IDS = (GPT_INPUTS.start_id, GPT_INPUTS.delimiter_id, GPT_INPUTS.extract_id)
"""The tokens whose embeddings finetuning has to learn, even if those of words are frozen."""


def for_decoder(examples: Examples, metric: Metric = accuracy, encoding: Encoding = TOY_WORLD) -> LastToken:
    """Labels of one text or two, in one sequence: for `LastTokenClassifier`."""
    return LastToken(*_sequences(examples, encoding), labels_of(examples), metric)


def scores_for_decoder(
    examples: Examples, scores: np.ndarray, metric: Metric, encoding: Encoding = TOY_WORLD
) -> LastTokenScore:
    """The same for scores."""
    return LastTokenScore(*_sequences(examples, encoding), scores, metric)


def for_encoder(examples: Examples, metric: Metric = accuracy, encoding: Encoding = TOY_WORLD) -> CLSToken:
    """Labels of one text or two, in segments: for `CLSClassifier`."""
    return CLSToken(*_segments(examples, encoding), labels_of(examples), metric)


def scores_for_encoder(
    examples: Examples, scores: np.ndarray, metric: Metric, encoding: Encoding = TOY_WORLD
) -> CLSScore:
    """The same for scores: for `CLSRegressor`."""
    return CLSScore(*_segments(examples, encoding), scores, metric)


def for_elmo(examples: Examples, metric: Metric = accuracy, encoding: Encoding = TOY_WORLD) -> OneText | TwoTexts:
    """Labels of one text, for `ElmoClassifier`, or of two, for `ElmoPairClassifier`."""
    if examples[0].second is None:
        return OneText(*_texts([example.first for example in examples], encoding), labels_of(examples), metric)
    return TwoTexts(*_both_texts(examples, encoding), labels_of(examples), metric)


def scores_for_elmo(
    examples: Examples, scores: np.ndarray, metric: Metric, encoding: Encoding = TOY_WORLD
) -> TwoTextsScore:
    """Scores of two texts, for `ElmoPairClassifier` with one output."""
    return TwoTextsScore(*_both_texts(examples, encoding), scores, metric)


def labels_of(examples: Examples) -> np.ndarray:
    """The labels as whole numbers, (N,)."""
    return np.array([example.label for example in examples], np.int64)


def standardized(train: Examples, examples: Examples) -> np.ndarray:
    """Scores as float32, (N,), with the mean of the training examples at 0 and their standard deviation at 1.

    A network's outputs start around 0, so it need not learn the scale. Correlations do not change.
    """
    scores = np.array([example.label for example in train], np.float64)
    own = np.array([example.label for example in examples], np.float64)
    return ((own - scores.mean()) / (scores.std() or 1.0)).astype(np.float32)


def _sequences(examples: Examples, encoding: Encoding) -> tuple[np.ndarray, np.ndarray]:
    """ids, attention_mask (N, T)."""
    layout = encoding.gpt_inputs
    rows = [
        layout.classification(encoding.one(example.first, n_special=2))
        if example.second is None
        else layout.entailment(*encoding.two(example.first, example.second, n_special=3))
        for example in examples
    ]
    return pad_batch(rows)


def _segments(examples: Examples, encoding: Encoding) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ids, attention_mask, token_type_ids (N, T). The type is 0 up to and including the first [SEP], then 1."""
    cls_id, sep_id = encoding.special(CLS, SEP)
    rows, types = [], []
    for example in examples:
        if example.second is None:
            first, after = encoding.one(example.first, n_special=2), []
        else:
            first, second = encoding.two(example.first, example.second, n_special=3)
            after = [*second, sep_id]
        before = [cls_id, *first, sep_id]
        rows.append(before + after)
        types.append([0] * len(before) + [1] * len(after))
    return *pad_batch(rows), pad_batch(types)[0]


def _texts(texts: Sequence[str], encoding: Encoding) -> tuple[np.ndarray, np.ndarray]:
    """ids, attention_mask (N, T)."""
    start_id, eos_id = encoding.special(START, EOS)
    return pad_batch([[start_id, *encoding.one(text, n_special=2), eos_id] for text in texts])


def _both_texts(examples: Examples, encoding: Encoding) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """ids, attention_mask (N, T) of the first texts, and of the second ones."""
    first, second = [example.first for example in examples], [example.second or "" for example in examples]
    return *_texts(first, encoding), *_texts(second, encoding)
