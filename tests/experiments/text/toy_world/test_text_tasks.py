"""What the tasks on text have in common: parts by hash, no held-out text in the pretraining text, one vocabulary."""

from collections.abc import Callable
from functools import cache

import pytest

from experiments.text.toy_world import vocabulary
from experiments.text.toy_world.lexicon import TRANSLATIONS
from experiments.text.toy_world.parts import PARTS, part_of
from experiments.text.toy_world.tasks import closed_book, in_context, reading, senses, summarisation, translation
from experiments.text.toy_world.world import World
from tokenizer import WordPiece

WORLD = World(5)

TASKS: dict[str, Callable[[int, str, int], list]] = {
    "reading": reading.questions,
    "reading, unanswerable too": lambda seed, part, n: reading.questions(seed, part, n, unanswerable=True),
    "story summaries": summarisation.stories,
    "review summaries": summarisation.reviews,
    **{
        language: lambda seed, part, n, language=language: translation.translations(seed, language, part, n)
        for language in TRANSLATIONS
    },
    "senses": senses.senses,
}


def deciding_text(example: object) -> str:
    """The text whose hash decides the part."""
    if isinstance(example, summarisation.Summary):
        return example.ending
    return example.english if isinstance(example, translation.Translation) else example.text


def texts(example: object) -> list[str]:
    """Texts of an example that no document may have."""
    match example:
        case reading.Question():
            return [example.question, example.text]
        case summarisation.Summary():
            return [example.ending, f"{example.document} {example.summary}"]
        case translation.Translation():
            return [example.english, example.foreign]
    return [example.text]


@cache
def examples(task: str, part: str, seed: int = 5) -> list:
    return TASKS[task](seed, part, 300)


@cache
def pretraining_text() -> str:
    return "\n".join(WORLD.text(seed=1, n_words=200_000))


@pytest.mark.parametrize("task", TASKS)
def test_the_same_seed_gives_the_same_examples_and_others_are_different(task: str):
    for part in PARTS:
        assert TASKS[task](5, part, 300) == examples(task, part)
        assert TASKS[task](6, part, 300) != examples(task, part)
        assert TASKS[task](5, part, 0) == []
        assert TASKS[task](5, part, 40) == examples(task, part)[:40]


@pytest.mark.parametrize("task", TASKS)
def test_examples_are_different_and_of_their_part(task: str):
    found = [example for part in PARTS for example in examples(task, part)]
    assert len(set(found)) == 3 * 300
    for part in PARTS:
        assert {part_of(deciding_text(example)) for example in examples(task, part)} == {part}


@pytest.mark.parametrize("task", TASKS)
def test_no_held_out_text_is_in_the_pretraining_text(task: str):
    for part in ("dev", "test"):
        for example in examples(task, part):
            for text in texts(example):
                assert text not in pretraining_text(), text


@pytest.mark.parametrize("task", TASKS)
def test_what_is_no_part_is_refused(task: str):
    with pytest.raises(ValueError, match="part must be one of train, dev, test, got 'tests'"):
        TASKS[task](0, "tests", 1)
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        TASKS[task](-1, "test", 1)


def all_texts() -> dict[str, list[str]]:
    """Every text of every task, with the answers."""
    found = {
        task: [text for part in PARTS for example in examples(task, part) for text in texts(example)] for task in TASKS
    }
    found["closed book"] = [
        f"{question.text} {question.answer}"
        for question_set in closed_book.QUESTION_SETS
        for part in PARTS
        for question in closed_book.questions(WORLD, question_set, part)
    ]
    found["in context"] = [
        f"{prompt.text} {' '.join(prompt.choices)}"
        for make in (in_context.translation, in_context.sentiment)
        for mapping in in_context.MAPPINGS
        for prompt in make(5, 100, 16, mapping)
    ]
    return found


def test_every_word_is_in_the_vocabulary():
    known = set(vocabulary.words())
    for task, of_task in all_texts().items():
        unknown = {word for text in of_task for word in WordPiece([vocabulary.UNK]).words(text)} - known
        assert unknown == set(), task
