"""SQuAD v1.1 and v2.0: find the answer to a question in a paragraph of Wikipedia.

train-v1.1.json, dev-v1.1.json, train-v2.0.json, dev-v2.0.json. The test sets are not public.

    {"version": "v2.0", "data": [{"title": …, "paragraphs": [{"context": …, "qas": [
        {"id": …, "question": …, "answers": [{"text": …, "answer_start": 177}], "is_impossible": false}]}]}]}

`answer_start` counts characters from the start of the context. In v2.0 a question may be impossible: it has no answer,
only "plausible_answers", which are wrong and not read here. In v1.1 every question has an answer.
"""

import os
from pathlib import Path

from experiments.text.errors import DataError
from experiments.text.readers.examples import Answer, Examples, Question
from experiments.text.readers.json_values import Value, parse
from experiments.text.readers.lines import numbered_lines

VERSIONS = ("1.1", "2.0")
SPLITS = ("train", "dev")


def read(folder: str | os.PathLike[str], split: str, version: str) -> Examples[Question]:
    """The questions of one split, train or dev, of one version, "1.1" or "2.0".

    Raises:
        ValueError: if there is no such split or version.
        DataError: as `read_file` does.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    if version not in VERSIONS:
        raise ValueError(f"version must be one of {', '.join(VERSIONS)}, got {version!r}")
    return read_file(Path(folder) / f"{split}-v{version}.json")


def read_file(path: str | os.PathLike[str]) -> Examples[Question]:
    """The questions of a file in SQuAD's format.

    Raises:
        DataError: if the file is missing or damaged, an answer is not at its offset, or an impossible question has
            answers, or another one has none.
    """
    path = Path(path)
    top = parse("\n".join(line for _, line in numbered_lines(path)), str(path))
    questions = [
        question
        for article in top.field("data").items()
        for paragraph in article.field("paragraphs").items()
        for question in _questions(paragraph)
    ]
    if not questions:
        raise DataError(f"{path}: expected questions, got none")
    return Examples(questions)


def _questions(paragraph: Value) -> list[Question]:
    context = paragraph.field("context").text()
    return [_question(context, found) for found in paragraph.field("qas").items()]


def _question(context: str, found: Value) -> Question:
    id, question = found.field("id").text(), found.field("question").text()
    answers = tuple(_answer(context, answer) for answer in found.field("answers").items())
    impossible = found.has("is_impossible") and found.field("is_impossible").boolean()
    if impossible and answers:
        raise found.field("answers").error("no answers, because is_impossible is true")
    if not impossible and not answers:
        raise found.field("answers").error("answers, because the question is not marked as impossible")
    return Question(id, context, question, answers)


def _answer(context: str, found: Value) -> Answer:
    text, start = found.field("text").text(), found.field("answer_start").whole()
    there = context[start : start + len(text)]
    if there != text:
        raise DataError(
            f"{found.where()}: expected {text!r:.80} at answer_start {start} of the context, got {there!r:.80}"
        )
    return Answer(text, start)
