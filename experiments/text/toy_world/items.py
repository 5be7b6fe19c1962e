"""Items of every task, for `python -m experiments world --show` (`show.py`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from experiments.text.toy_world.lexicon import TRANSLATIONS
from experiments.text.toy_world.tasks import (
    blanks,
    closed_book,
    glue,
    in_context,
    reading,
    summarisation,
    superglue,
    translation,
)
from experiments.text.toy_world.tasks.answers import scitail
from experiments.text.toy_world.tasks.example import Task
from experiments.text.toy_world.tasks.inference import snli
from experiments.text.toy_world.tasks.judgements import cola_of_all_words
from experiments.text.toy_world.tasks.senses import senses
from experiments.text.toy_world.world import World

PART = "dev"
"""The items are of dev sets, so that nobody reads the tests."""


@dataclass(frozen=True)
class Item:
    """An example of a task: what kind it is, what is given, and the gold answer or label."""

    kind: str
    given: str
    gold: str


def blank_items(world: World, kinds: dict[str, blanks.Maker]) -> Iterator[Item]:
    """A blank of each kind."""
    for kind in kinds:
        blank = blanks.draw(world, kinds, kind, 1)[0]
        wrong = len(blank.choices) - 1
        others = blank.choices[1] if wrong == 1 else f"{wrong} other words"
        yield Item(kind, blank.filled("____"), f"{blank.choices[0]}, not {others}")


def label_items(world: World, draw: Callable[[int, int, int, int], Task]) -> Iterator[Item]:
    """An example of each label; of a task with scores, two."""
    task = draw(world.seed, 1, max(2, len(task_labels(draw))), 0)
    for example in task.dev:
        gold = task.labels[int(example.label)] if task.labels else f"{example.label:g}"
        first = example.first if example.second is None else f"{example.first} | {example.second}"
        yield Item(gold if task.labels else "score", first, gold)


def task_labels(draw: Callable[[int, int, int, int], Task]) -> tuple[str, ...]:
    """The names of a task's labels."""
    return draw(0, 0, 0, 0).labels


def reading_items(world: World, unanswerable: bool) -> Iterator[Item]:
    """Two questions: the second one has no answer if some are unanswerable."""
    for question in reading.questions(world.seed, PART, 2, unanswerable):
        kind = "answerable" if question.answer else "unanswerable"
        yield Item(kind, f"{question.passage} | {question.question}", question.answer or "no answer")


def summary_items(world: World) -> Iterator[Item]:
    """A story and a review."""
    for kind, draw in (("story", summarisation.stories), ("review", summarisation.reviews)):
        found = draw(world.seed, PART, 1)[0]
        yield Item(kind, found.document, found.summary)


def translation_items(world: World) -> Iterator[Item]:
    """A sentence for each language."""
    for language in TRANSLATIONS:
        found = translation.translations(world.seed, language, PART, 1)[0]
        yield Item(language, found.english, found.foreign)


def closed_book_items(world: World) -> Iterator[Item]:
    """A question of each set."""
    for name in closed_book.QUESTION_SETS:
        question = closed_book.questions(world, name, PART)[0]
        yield Item(name, question.text, question.answer)


def prompt_items(world: World) -> Iterator[Item]:
    """A prompt of both tasks with four examples, with a known and a new mapping."""
    for name, draw in (("translation", in_context.translation), ("sentiment", in_context.sentiment)):
        for mapping in in_context.MAPPINGS:
            prompt = draw(world.seed, 1, 4, mapping)[0]
            yield Item(f"{name}, {mapping}", prompt.text, prompt.answer)


def sense_items(world: World) -> Iterator[Item]:
    """A homograph as a noun, and as a verb."""
    for found in senses(world.seed, PART, 2):
        yield Item(found.homograph, found.text, found.sense)


LABELLED = {**glue.TASKS, "SNLI": snli, "SciTail": scitail, **superglue.TASKS, "CoLA of all words": cola_of_all_words}
TASKS: dict[str, Callable[[World], Iterator[Item]]] = {
    "fill in the blank, the clue before it": partial(blank_items, kinds=blanks.CLUE_BEFORE),
    "fill in the blank, the clue after it": partial(blank_items, kinds=blanks.CLUE_AFTER),
    "fill in the blank, single skills": partial(blank_items, kinds=blanks.SKILLS),
    **{name: partial(label_items, draw=draw) for name, draw in LABELLED.items()},
    "reading, like SQuAD 1.1": partial(reading_items, unanswerable=False),
    "reading, like SQuAD 2.0": partial(reading_items, unanswerable=True),
    "summarisation": summary_items,
    "translation": translation_items,
    "closed-book questions": closed_book_items,
    "in-context learning": prompt_items,
    "word senses": sense_items,
}
"""Every task, and the items of it that are shown. A new task is shown by being listed here."""
