"""The lexicon: every word belongs to one class, and its relations are what texts and tasks take them for."""

import re
from collections import Counter

import pytest

from experiments.text.toy_world import lexicon
from experiments.text.toy_world.lexicon import (
    ADJECTIVES,
    AGREEMENT,
    CATEGORIES,
    CATEGORY_OF,
    HE,
    HOMOGRAPHS,
    MEMBERS,
    PEOPLE,
    SHE,
    TRANSLATED,
    TRANSLATIONS,
    VERBS,
    plural,
    pronouns,
)
from experiments.text.toy_world.templates import SLOT, word_class
from experiments.text.toy_world.world import GENRES

from .written import SEEDS, written

CLASSES = [
    *("person", "member", "members", "category", "categories", "kind", "did", "adjective", "company", "verb"),
    *("reaction", "agrees_singular", "agrees_plural", "homograph", "room", "thing", "day", "number", "sentiment"),
    *("work", "aspect", "city", "country", "river", "job", "instrument", "colour", "language", "foreign", "he", "yes"),
]
"""Slots whose words are of a class of their own."""


def test_every_word_belongs_to_one_class():
    counts = Counter(word for slot in CLASSES for word in word_class(slot))
    assert {word for word, n in counts.items() if n > 1} == set()


def test_words_of_a_class_are_not_words_of_the_templates():
    meant_twice = {"is", "are", "was", "look"}  # verbs that agree
    meant_twice |= {"found", "loved", "left"}  # "i found the plot dull", "we loved it", "adam left the hall"
    fixed = {word for genre in GENRES.values() for text in genre.TEMPLATES for word in words_of(text)}
    known = {word for slot in CLASSES for word in word_class(slot)} - set(lexicon.NUMBERS)
    assert fixed & known == meant_twice | {"yes", "no"}  # "yes, poodles are my favourite dogs", "he has no dog"


def words_of(template: str) -> list[str]:
    return re.findall("[a-z]+", SLOT.sub(" ", template))


def test_nothing_behind_a_begins_with_a_vowel():
    for genre in GENRES.values():
        for template in genre.TEMPLATES:
            for slot in re.findall(r"\ba \{(\w+)\}", template):
                assert [word for word in word_class(slot) if word[0] in "aeiou"] == [], template
            assert re.findall(r"\ba [aeiou]|\ban\b", SLOT.sub("x", template)) == []


@pytest.mark.parametrize("genre", GENRES)
def test_no_text_has_an_a_before_a_vowel(genre: str):
    texts = [sentence for seed in SEEDS for sentences in written(genre, seed) for sentence in sentences]
    assert [text for text in texts if re.search(r"\ba [aeiou]", text)] == []


def test_categories_have_members_of_their_own_and_kinds_of_which_there_are_fewer():
    assert len(set(MEMBERS)) == len(MEMBERS) == sum(len(category.members) for category in CATEGORIES)
    assert all(CATEGORY_OF[member] is category for category in CATEGORIES for member in category.members)
    assert {category.kind for category in CATEGORIES} == set(lexicon.KINDS)
    assert len({category.did for category in CATEGORIES}) == len({category.name for category in CATEGORIES})
    assert len({len(category.members) for category in CATEGORIES}) == 1


@pytest.mark.parametrize("table", [ADJECTIVES, VERBS], ids=["adjectives", "verbs"])
def test_every_pole_has_two_words_and_company_of_its_own(table: list[lexicon.Opposites]):
    words = [word for row in table for pole in row.poles for word in pole]
    company = [word for row in table for word in row.company]
    assert len(set(words + company)) == len(words) + len(company) == 6 * len(table)
    assert all(len(pole) == 2 for row in table for pole in row.poles)
    assert all(len(row.poles) == len(row.company) == 2 for row in table)


def test_the_tables_of_opposites_are_read_by_line():
    big, found = ADJECTIVES[0], VERBS[0]
    assert (big.poles, big.company) == ((("big", "large"), ("small", "little")), ("towered", "vanished"))
    assert found.poles == (("found", "discovered"), ("lost", "misplaced"))


def test_a_verb_has_two_numbers():
    assert len({verb for pair in AGREEMENT for verb in pair}) == 2 * len(AGREEMENT)


def test_homographs_are_no_other_words():
    others = {word for slot in CLASSES if slot != "homograph" for word in word_class(slot)}
    assert others.isdisjoint(HOMOGRAPHS)
    assert len(set(HOMOGRAPHS)) == len(HOMOGRAPHS)


def test_every_word_of_the_glossaries_has_one_translation_of_its_own_in_each_language():
    foreign = [word for words in TRANSLATIONS.values() for word in words.values()]
    english = {word for slot in CLASSES if slot != "foreign" for word in word_class(slot)}
    assert len(set(foreign)) == len(foreign) == len(TRANSLATIONS) * len(TRANSLATED)
    assert english.isdisjoint(foreign)
    assert all(list(words) == TRANSLATED for words in TRANSLATIONS.values())
    assert set(TRANSLATED) <= english


@pytest.mark.parametrize(
    ("noun", "several"),
    [
        ("dog", "dogs"),
        ("finch", "finches"),
        ("larch", "larches"),
        ("crocus", "crocuses"),
        ("poppy", "poppies"),
        ("ferry", "ferries"),
        ("canoe", "canoes"),
        ("dish", "dishes"),
        ("box", "boxes"),
        ("day", "days"),
    ],
)
def test_plurals(noun: str, several: str):
    assert plural(noun) == several


def test_plurals_are_different_words():
    nouns = [*MEMBERS, *(category.name for category in CATEGORIES)]
    assert len({*nouns, *map(plural, nouns)}) == 2 * len(nouns)


def test_everybody_has_one_set_of_pronouns():
    assert set(HE).isdisjoint(SHE)
    assert PEOPLE == HE + SHE
    assert {pronouns(person) for person in HE} == {("he", "his", "him", "himself")}
    assert {pronouns(person) for person in SHE} == {("she", "her", "her", "herself")}


@pytest.mark.parametrize("person", ["hal", "", "Adam", "he"])
def test_nobody_else_has_pronouns(person: str):
    with pytest.raises(ValueError, match=f"person must be one of the lexicon's, got '{person}'"):
        pronouns(person)
