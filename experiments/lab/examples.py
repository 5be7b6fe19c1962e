"""The toy world's tasks as models read them: examples encoded, in the layout of each family.

    decoder, LSTM      [START] first [EXTRACT]            [START] first [DELIM] second [EXTRACT]
    encoder            [CLS] first [SEP]                  [CLS] first [SEP] second [SEP]
    ELMo's BiLSTM      [START] first </s>                 each text on its own

The labels of a task without names of labels are scores; they are standardized (see `standardized`).
"""

from collections.abc import Sequence

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
from experiments.text.toy_world.tasks.example import Example
from experiments.text.toy_world.vocabulary import DELIM, EOS, EXTRACT, START, tokenizer
from models.finetuning import GPTInputs, pad_batch

Examples = Sequence[Example]

GPT_INPUTS = GPTInputs(*(tokenizer().ids[token] for token in (START, DELIM, EXTRACT)))
FORMAT_IDS = (GPT_INPUTS.start_id, GPT_INPUTS.delimiter_id, GPT_INPUTS.extract_id)
"""The tokens whose embeddings finetuning has to learn, even if those of words are frozen."""


def for_decoder(examples: Examples, metric: Metric = accuracy) -> LastToken:
    """Labels of one text or two, in one sequence: for `LastTokenClassifier`."""
    return LastToken(*_sequences(examples), labels_of(examples), metric)


def scores_for_decoder(examples: Examples, scores: np.ndarray, metric: Metric) -> LastTokenScore:
    """The same for scores."""
    return LastTokenScore(*_sequences(examples), scores, metric)


def for_encoder(examples: Examples, metric: Metric = accuracy) -> CLSToken:
    """Labels of one text or two, in segments: for `CLSClassifier`."""
    return CLSToken(*_segments(examples), labels_of(examples), metric)


def scores_for_encoder(examples: Examples, scores: np.ndarray, metric: Metric) -> CLSScore:
    """The same for scores: for `CLSRegressor`."""
    return CLSScore(*_segments(examples), scores, metric)


def for_elmo(examples: Examples, metric: Metric = accuracy) -> OneText | TwoTexts:
    """Labels of one text, for `ElmoClassifier`, or of two, for `ElmoPairClassifier`."""
    if examples[0].second is None:
        return OneText(*_texts([example.first for example in examples]), labels_of(examples), metric)
    return TwoTexts(*_both_texts(examples), labels_of(examples), metric)


def scores_for_elmo(examples: Examples, scores: np.ndarray, metric: Metric) -> TwoTextsScore:
    """Scores of two texts, for `ElmoPairClassifier` with one output."""
    return TwoTextsScore(*_both_texts(examples), scores, metric)


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


def _sequences(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    """ids, attention_mask (N, T)."""
    encode = tokenizer().encode
    rows = [
        GPT_INPUTS.classification(encode(example.first))
        if example.second is None
        else GPT_INPUTS.entailment(encode(example.first), encode(example.second))
        for example in examples
    ]
    return pad_batch(rows)


def _segments(examples: Examples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ids, attention_mask, token_type_ids (N, T)."""
    words = tokenizer()
    rows, types = [], []
    for example in examples:
        if example.second is None:
            row = words.encode(example.first, add_special_tokens=True)
            segments = [0] * len(row)
        else:
            row, segments = words.encode_pair(example.first, example.second)
        rows.append(row)
        types.append(segments)
    return *pad_batch(rows), pad_batch(types)[0]


def _texts(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """ids, attention_mask (N, T)."""
    return pad_batch([tokenizer().encode(f"{START} {text} {EOS}") for text in texts])


def _both_texts(examples: Examples) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """ids, attention_mask (N, T) of the first texts, and of the second ones."""
    return *_texts([example.first for example in examples]), *_texts([example.second or "" for example in examples])
