"""Damaged documents: one word is another one, and the recogniser sees it, whatever the genre."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from experiments.text.toy_world import lexicon
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.genres import encyclopedia, reviews
from experiments.text.toy_world.lexicon import ADJECTIVES, CATEGORY_OF, MEMBERS, VERBS, plural
from experiments.text.toy_world.recogniser import is_grammatical
from experiments.text.toy_world.templates import read, word_class
from experiments.text.toy_world.world import GENRES

from .written import accepted, written

WORD = re.compile(r"\w+")
Damage = Callable[[list[str], Dice], Iterator[list[str]]]
"""Yields damaged copies of a document; none if it has nothing that could be damaged so."""

CATEGORIES = [category.name for category in lexicon.CATEGORIES]


def replaced(texts: list[str], i: int, old: str, new: str) -> list[str]:
    """A document in whose i-th sentence the last occurrence of a word is another word."""
    places = list(re.finditer(rf"\b{old}\b", texts[i]))
    sentence = texts[i][: places[-1].start()] + new + texts[i][places[-1].end() :]
    return [*texts[:i], sentence, *texts[i + 1 :]]


def last_sentence_with(texts: list[str], words: list[str]) -> Iterator[tuple[int, str]]:
    """The place of the last sentence that has one of the words, and its last one; nothing if there is none."""
    for i in reversed(range(len(texts))):
        found = [word for word in WORD.findall(texts[i]) if word in words]
        if found:
            yield i, found[-1]
            return


def other_word(words: list[str], times: int = 1) -> Damage:
    """Damage: the last of these words becomes another one, if the document has so many of them."""

    def damage(texts: list[str], dice: Dice) -> Iterator[list[str]]:
        if sum(word in words for text in texts for word in WORD.findall(text)) >= times:
            for i, word in last_sentence_with(texts, words):
                yield replaced(texts, i, word, dice.other(words, word))

    return damage


def n_people(texts: list[str]) -> int:
    return len({word for text in texts for word in WORD.findall(text)} & set(lexicon.PEOPLE))


def every_pronoun(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: he for she, his for her, himself for herself, and the other way round."""
    swap = {"he": "she", "she": "he", "his": "her", "her": "his", "him": "her", "himself": "herself"}
    swap |= {"herself": "himself"}
    for i, text in enumerate(texts if n_people(texts) <= 1 else []):  # of two people, the other one may be meant
        for word in WORD.findall(text):
            if word in swap:
                yield replaced(texts, i, word, swap[word])


def other_number(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: a noun in the singular becomes a plural, or the other way round."""
    number = {noun: plural(noun) for noun in [*MEMBERS, *(category.name for category in lexicon.CATEGORIES)]}
    number |= {several: noun for noun, several in number.items()}
    for i, word in last_sentence_with(texts, list(number)):
        yield replaced(texts, i, word, number[word])


def other_member(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: the last member of a category becomes a member of another kind."""
    for i, word in last_sentence_with(texts, MEMBERS):
        yield replaced(texts, i, word, dice.one([m for m in MEMBERS if CATEGORY_OF[m].kind != CATEGORY_OF[word].kind]))
    several = list(map(plural, MEMBERS))
    for i, word in last_sentence_with(texts, several):
        own = CATEGORY_OF[MEMBERS[several.index(word)]].kind
        yield replaced(texts, i, word, plural(dice.one([m for m in MEMBERS if CATEGORY_OF[m].kind != own])))


def other_category(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: the last category becomes another one, unless somebody has none of it."""
    for i, word in last_sentence_with(texts, CATEGORIES):
        if f" no {word}" not in texts[i]:
            yield replaced(texts, i, word, dice.other(CATEGORIES, word))


def antonym(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: the last adjective or verb becomes its opposite, if another word of the document says the same."""
    table = ADJECTIVES + VERBS
    opposite = {word: row.poles[1 - pole][0] for row in table for pole in (0, 1) for word in row.poles[pole]}
    rows = {word: row for row in table for pole in row.poles for word in pole}
    rows |= {word: row for row in table for word in row.company}
    told = [rows[word] for text in texts for word in WORD.findall(text) if word in rows]
    for i, word in last_sentence_with(texts, list(opposite)):
        if told.count(rows[word]) > 1 and n_people(texts) <= 1:
            yield replaced(texts, i, word, opposite[word])


def antonym_in_a_sentence(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: the same, where each sentence is about another scene."""
    for i in range(len(texts)):
        for damaged in antonym([texts[i]], dice):
            yield [*texts[:i], *damaged, *texts[i + 1 :]]


def other_sentiment(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: each sentiment in turn becomes one of the other polarity; and so does the verdict."""
    for i, text in enumerate(texts):
        for words, others in ((lexicon.GOOD, lexicon.BAD), (lexicon.BAD, lexicon.GOOD)):
            for word in WORD.findall(text):
                if word in words:
                    yield replaced(texts, i, word, dice.one(others))
        for polarity, verdicts in reviews.VERDICTS.items():
            if text in verdicts:
                other = reviews.VERDICTS["bad" if polarity == "good" else "good"]
                yield [*texts[:i], dice.one(other), *texts[i + 1 :]]


def other_fact(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: the value in each sentence becomes another one; or the subject becomes one with another value."""
    attributes = encyclopedia.OF_PERSON | encyclopedia.OF_CITY
    for i, text in enumerate(texts):
        match = next(words for template in encyclopedia.TEMPLATES if (words := read(template, text)) is not None)
        slot, value = next((slot, word) for slot, word in match.items() if slot not in subject_of(match))
        yield replaced(texts, i, value, dice.other(attributes[slot], value))


def subject_of(match: dict[str, str]) -> set[str]:
    return {"person", "he"} if match.keys() & {"person", "he"} else {"city"}


def yes_and_no(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: each answer in turn becomes the other."""
    for i in range(1, len(texts)):
        for place in re.finditer(r"\b(yes|no)\b", texts[i]):
            other = "no" if place[0] == "yes" else "yes"
            yield [*texts[:i], texts[i][: place.start()] + other + texts[i][place.end() :], *texts[i + 1 :]]


def other_number_of_a_verb(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: the verb is in the wrong number."""
    other = {word: verb for pair in lexicon.AGREEMENT for word, verb in (pair, pair[::-1])}
    for i, word in last_sentence_with(texts, list(other)):
        yield replaced(texts, i, word, other[word])


def the_other_speaker(texts: list[str], dice: Dice) -> Iterator[list[str]]:
    """Damage: the question is asked, or answered, by the wrong person."""
    first, second = texts[0].partition(":")[0], texts[1].partition(":")[0]
    yield [texts[0], texts[1].replace(second, first), texts[2]]
    yield [*texts[:2], texts[2].replace(first, second)]
    yield [*texts[:2], texts[2].replace(first, second, 1)]


DAMAGE: dict[str, list[Damage]] = {
    "encyclopedia": [other_fact, every_pronoun],
    "taxonomy": [other_member, other_number, other_word(lexicon.KINDS)],
    "habits": [antonym_in_a_sentence, other_number, other_word(word_class("did"))],
    "contrasts": [antonym_in_a_sentence, every_pronoun, other_number],
    "situations": [antonym, every_pronoun, other_number, other_category],
    "games": [yes_and_no, other_number],
    "questions": [other_word(words, 2) for words in (lexicon.PEOPLE, lexicon.ROOMS, lexicon.DAYS)]
    + [antonym, other_category, other_number],
    "dialogues": [the_other_speaker, other_member, other_number],
    "stories": [other_word(lexicon.ROOMS), every_pronoun],
    "reviews": [other_sentiment],
    "grammar": [other_number_of_a_verb, every_pronoun],
    "homographs": [other_number],
    "lists": [other_member, other_number],
    "numbers": [other_word(lexicon.NUMBERS)],
    "glossaries": [other_word(word_class("foreign")), other_word(lexicon.TRANSLATED)],
}


@pytest.mark.parametrize(("genre", "i"), [(genre, i) for genre in DAMAGE for i in range(len(DAMAGE[genre]))])
def test_a_damaged_document_is_not_accepted(genre: str, i: int):
    dice = Dice(7)
    damaged = [new for texts in written(genre, 0) for new in DAMAGE[genre][i](texts, dice)]
    assert len(damaged) > 20
    assert [texts for texts in damaged if accepted(genre, texts)] == []


def test_every_genre_is_damaged():
    assert DAMAGE.keys() == GENRES.keys()


CLASS_OF = {word: slot for slot in ("noun", "members", "adjective", "verb", "number") for word in word_class(slot)}


@pytest.mark.parametrize("genre", GENRES)
def test_two_words_of_different_classes_cannot_change_places(genre: str):
    swapped = []
    for texts in written(genre, 0)[:50]:
        sentence = texts[-1]
        for first, second in pairwise(WORD.finditer(sentence)):
            if first[0] != second[0] and CLASS_OF.get(first[0], first[0]) != CLASS_OF.get(second[0], second[0]):
                between = sentence[first.end() : second.start()]
                swapped.append(sentence[: first.start()] + second[0] + between + first[0] + sentence[second.end() :])
    assert [sentence for sentence in swapped if is_grammatical(sentence)] == []
    assert len(swapped) > 50 or genre == "numbers"
