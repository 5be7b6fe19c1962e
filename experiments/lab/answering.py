"""Questions about a passage as an encoder reads them, and its answers as text: for `SpanExtractor`.

    [CLS] which one is a dog? [SEP] adam bought a big poodle in the garden. on friday … [SEP]
                                                start end

A model predicts places, and SQuAD's metrics compare texts: the same words elsewhere in the passage are right, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.lab.metrics import squad_exact_match, squad_f1
from experiments.lab.ways import SpanExtraction
from experiments.text.toy_world.tasks.reading import Question
from experiments.text.toy_world.vocabulary import CLS, SEP, tokenizer
from models.inputs import pad_batch

NO_ANSWER = 0
"""The place of [CLS], where a question without an answer starts and ends."""


@dataclass(frozen=True)
class TextF1:
    """SQuAD's F1 of the texts between two places, as a metric of `SpanExtraction`. `ids` (N, T) are its inputs."""

    ids: np.ndarray

    def __call__(self, predicted: Any, gold: Any) -> float:
        return squad_f1(texts_between(self.ids, predicted), [[text] for text in texts_between(self.ids, gold)])


def for_span_extraction(questions: Sequence[Question], threshold: float | None = None) -> SpanExtraction:
    """Questions as ids, and their answers as places.

    Args:
        threshold: see `SpanExtraction`; None if every question has an answer.
    """
    words = tokenizer()
    rows, types, contexts, spans = [], [], [], []
    for each in questions:
        question, passage = words.encode(f"{CLS} {each.question} {SEP}"), words.encode(each.passage)
        rows.append([*question, *passage, words.ids[SEP]])
        types.append([0] * len(question) + [1] * (len(passage) + 1))
        contexts.append([0] * len(question) + [1] * len(passage))
        start = len(question) + len(words.encode(each.passage[: each.start]))
        end = start + len(words.encode(each.answer)) - 1
        spans.append((start, end) if each.answer else (NO_ANSWER, NO_ANSWER))
    ids, attention_mask = pad_batch(rows)
    starts, ends = np.array(spans).T
    context_mask = np.zeros_like(ids)
    for row, mask in zip(context_mask, contexts, strict=True):
        row[: len(mask)] = mask
    return SpanExtraction(
        ids, attention_mask, pad_batch(types)[0], context_mask, starts, ends, metric=TextF1(ids), threshold=threshold
    )


def texts_between(ids: np.ndarray, places: Any) -> list[str]:
    """The text from each row's first place to its last, "" for no answer: (N, T), (N, 2) → N texts."""
    return [
        "" if end == NO_ANSWER else tokenizer().decode(row[start : end + 1].tolist())
        for row, (start, end) in zip(ids, places, strict=True)
    ]


def scores(questions: Sequence[Question], ids: np.ndarray, predicted: Any) -> dict[str, float]:
    """SQuAD's two metrics of predicted places (N, 2): exact match and F1, against the answers' own texts."""
    texts, gold = texts_between(ids, predicted), [[question.answer] for question in questions]
    return {"exact_match": squad_exact_match(texts, gold), "f1": squad_f1(texts, gold)}
