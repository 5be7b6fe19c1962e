"""Templates: the genres write sentences from them, and the recogniser parses with them.

A template is a sentence with slots, "{person} lives in {city}." A slot has the name of its word class, with a number
if that occurs twice.
"""

import re
from collections.abc import Sequence
from functools import cache

from experiments.text.toy_world import lexicon
from experiments.text.toy_world.lexicon import ADJECTIVES, AGREEMENT, CATEGORIES, MEMBERS, TRANSLATIONS, VERBS, plural

SLOT = re.compile(r"\{([a-z_]+)(\d*)\}")

_ADJECTIVES = [word for opposites in ADJECTIVES for pole in opposites.poles for word in pole]
_VERBS = [word for opposites in VERBS for pole in opposites.poles for word in pole]
_CATEGORIES = [category.name for category in CATEGORIES]

WORDS: dict[str, list[str]] = {
    "person": lexicon.PEOPLE,
    "he": ["he", "she"],
    "his": ["his", "her"],
    "him": ["him", "her"],
    "himself": ["himself", "herself"],
    "member": MEMBERS,
    "members": [plural(member) for member in MEMBERS],
    "noun": [*MEMBERS, *map(plural, MEMBERS)],
    "category": _CATEGORIES,
    "categories": [plural(category) for category in _CATEGORIES],
    "other": _CATEGORIES,
    "kind": lexicon.KINDS,
    "did": sorted({category.did for category in CATEGORIES}),
    "adjective": _ADJECTIVES,
    "opposite": _ADJECTIVES,
    "company": [word for opposites in ADJECTIVES for word in opposites.company],
    "verb": _VERBS,
    "opposite_verb": _VERBS,
    "reaction": [word for opposites in VERBS for word in opposites.company],
    "agrees_singular": [singular for singular, _ in AGREEMENT],
    "agrees_plural": [several for _, several in AGREEMENT],
    "homograph": lexicon.HOMOGRAPHS,
    "room": lexicon.ROOMS,
    "thing": lexicon.THINGS,
    "day": lexicon.DAYS,
    "number": lexicon.NUMBERS,
    "sentiment": lexicon.GOOD + lexicon.BAD,
    "opposite_sentiment": lexicon.GOOD + lexicon.BAD,
    "work": lexicon.WORKS,
    "aspect": lexicon.ASPECTS,
    "city": lexicon.CITIES,
    "country": lexicon.COUNTRIES,
    "river": lexicon.RIVERS,
    "job": lexicon.JOBS,
    "instrument": lexicon.INSTRUMENTS,
    "colour": lexicon.COLOURS,
    "language": list(TRANSLATIONS),
    "english": lexicon.TRANSLATED,
    "foreign": [word for words in TRANSLATIONS.values() for word in words.values()],
    "guess": [*lexicon.PEOPLE, *_CATEGORIES, *lexicon.KINDS, *MEMBERS, *_ADJECTIVES, *_VERBS],
    "yes": ["yes", "no"],
}
"""The words that each slot takes."""


def word_class(slot: str) -> list[str]:
    """The words that may fill a slot: `city2` takes a city.

    Raises:
        ValueError: if no slot has that name.
    """
    name = slot.rstrip("0123456789")
    if name not in WORDS:
        raise ValueError(f"slot {slot!r} must be one of {', '.join(WORDS)}")
    return WORDS[name]


@cache
def pattern(template: str) -> re.Pattern[str]:
    """A regular expression that matches the sentences of a template; its groups are the slots.

    A slot that occurs twice takes the same word both times.
    """
    expression, end, seen = "", 0, set()
    for slot in SLOT.finditer(template):
        name = slot[1] + slot[2]
        words = f"(?P={name})" if name in seen else f"(?P<{name}>{'|'.join(word_class(name))})"
        expression += re.escape(template[end : slot.start()]) + words
        seen.add(name)
        end = slot.end()
    return re.compile(expression + re.escape(template[end:]))


def read(template: str, sentence: str) -> dict[str, str] | None:
    """The words that fill a template's slots in a sentence, or None if the template does not match it."""
    match = pattern(template).fullmatch(sentence)
    return match.groupdict() if match else None


def first_match(templates: Sequence[str], sentence: str) -> tuple[str, dict[str, str]] | None:
    """The first template that matches a sentence, and the words that fill its slots; None if there is none."""
    for template in templates:
        words = read(template, sentence)
        if words is not None:
            return template, words
    return None
