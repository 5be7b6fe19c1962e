"""The recogniser: is a sentence grammatical in the toy world, is a statement true, and is a document consistent?

It reads sentences with the templates that the genres write with, so the two cannot disagree.
"""

import re
from collections.abc import Callable

from experiments.text.toy_world.claims import claims, gender_of
from experiments.text.toy_world.genres import (
    contrasts,
    dialogues,
    encyclopedia,
    games,
    glossaries,
    habits,
    lists,
    numbers,
    questions,
    reviews,
    situations,
    stories,
    taxonomy,
)
from experiments.text.toy_world.lexicon import PEOPLE
from experiments.text.toy_world.templates import read
from experiments.text.toy_world.world import GENRES, World

TEMPLATES = list(dict.fromkeys(template for genre in GENRES.values() for template in genre.TEMPLATES))

TRUE_OR_FALSE = (encyclopedia, taxonomy, habits, contrasts, lists, numbers, glossaries)
"""Genres whose sentences are true or false, each on its own."""

CONSISTENT_OR_NOT: list[Callable[[list[str]], bool | None]] = [
    genre.judge for genre in (situations, games, questions, dialogues, stories, reviews)
]
"""Genres whose documents are consistent or not: what follows depends on what was said before."""

_END = re.compile(r"(?<=[.!]) +|(?<=\?) +(?=\w+:)")


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its full stop. Text after the last full stop is a sentence too.

    A question and its answer are one sentence, "who found the dog? adam.", but in a dialogue a turn is one.
    """
    return [sentence for sentence in _END.split(text.strip()) if sentence]


def is_grammatical(sentence: str) -> bool:
    """Whether a template matches this sentence, and its pronouns agree with the person that it names."""
    return any(words is not None and _agrees(words) for words in (read(template, sentence) for template in TEMPLATES))


def _agrees(words: dict[str, str]) -> bool:
    return len({value for attribute, value in claims(words) if attribute == "gender"}) <= 1


def is_true(world: World, text: str) -> bool | None:
    """Whether a statement is true in this world, or every sentence of a text; None if that is not decidable.

    Decidable are facts of the encyclopedia, taxonomy, lists of one category, contrasts, the company that words keep,
    glossaries and number sequences. "he" or "she" at the beginning of a sentence is the person whom the sentence
    before it names.
    """
    verdicts = [_is_true(world, sentence) for sentence in with_names(sentences(text))]
    if False in verdicts:
        return False
    return None if None in verdicts or not verdicts else True


def _is_true(world: World, sentence: str) -> bool | None:
    verdicts = (genre.is_true(world.facts, sentence) for genre in TRUE_OR_FALSE)
    return next((verdict for verdict in verdicts if verdict is not None), None)


def with_names(texts: list[str]) -> list[str]:
    """The sentences, with names in place of the pronouns that they begin with: "she sings" → "alice sings"."""
    named, person = [], ""
    for text in texts:
        subject, _, rest = text.partition(" ")
        if person and subject == gender_of(person):
            text = f"{person} {rest}"
        person = next((word for word in re.findall(r"\w+", text) if word in PEOPLE), "")
        named.append(text)
    return named


def is_consistent(document: str) -> bool | None:
    """Whether the sentences of a document agree with each other; None if it is of a genre in which they need not.

    In stories everybody and everything is where they went; in situations what follows agrees with what was said; in
    games, dialogues, and questions the answers are right; in reviews the verdict agrees with the judgements.
    """
    texts = sentences(document)
    verdicts = [judge(texts) for judge in CONSISTENT_OR_NOT] if texts else []
    if True in verdicts:
        return True
    return False if False in verdicts else None
