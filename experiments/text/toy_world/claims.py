"""What a sentence claims about a scene, read from the words that fill its template's slots.

Two claims about the same thing must agree: "the big dog towered" says twice that the dog is big, and "it was big, not
small" does, too. So a sentence, or a document about one scene, is right if all its claims fit together.
"""

from collections.abc import Iterator, Mapping, Sequence

from experiments.text.toy_world.lexicon import (
    ADJECTIVES,
    CATEGORIES,
    CATEGORY_OF,
    HE,
    KINDS,
    PEOPLE,
    VERBS,
    Category,
    Opposites,
    plural,
)
from experiments.text.toy_world.templates import first_match

Pole = tuple[int, int]
Claims = dict[str, str | Pole]
"""What is claimed of a scene, such as `{"person": "adam", "gender": "he", "quality": (0, 1)}`: a row and its pole."""


def _poles(table: Sequence[Opposites]) -> dict[str, Pole]:
    """For each word of a table of opposites, and for the company of a pole: its row, and which of the two poles."""
    return {
        word: (row, pole)
        for row, opposites in enumerate(table)
        for pole in (0, 1)
        for word in (*opposites.poles[pole], opposites.company[pole])
    }


QUALITIES, ACTIONS = _poles(ADJECTIVES), _poles(VERBS)
_GENDERS = {"he": "he", "his": "he", "him": "he", "himself": "he"} | dict.fromkeys(("she", "her", "herself"), "she")
_SINGULAR = {plural(member): member for member in CATEGORY_OF}
_CATEGORIES = {name: category for category in CATEGORIES for name in (category.name, plural(category.name))}


def gender_of(word: str) -> str:
    """`he` or `she`, for a person or a pronoun."""
    if word in PEOPLE:
        return "he" if word in HE else "she"
    return _GENDERS[word]


def claims(words: Mapping[str, str]) -> Iterator[tuple[str, str | Pole]]:
    """The attributes of a scene, and their values, that the words in a sentence's slots claim.

    Of a slot with a number only the category, the quality and the action are claimed: `members2` is another dog.
    """
    for slot, word in words.items():
        name = slot.rstrip("0123456789")
        if slot == "person":
            yield "person", word
            yield "gender", gender_of(word)
        elif name in ("he", "his", "him", "himself"):
            yield "gender", gender_of(word)
        elif name in ("member", "members"):
            member = _SINGULAR.get(word, word)
            if slot == name:
                yield "member", member
            yield from _of_category(CATEGORY_OF[member])
        elif name in ("category", "categories"):
            yield from _of_category(_CATEGORIES[word])
        elif name in ("adjective", "company"):
            yield "quality", QUALITIES[word]
        elif name == "opposite":
            yield "quality", _opposite(QUALITIES[word])
        elif name in ("verb", "reaction"):
            yield "action", ACTIONS[word]
        elif name == "opposite_verb":
            yield "action", _opposite(ACTIONS[word])
        elif name in ("kind", "did", "room", "day"):
            yield name, word


def _of_category(category: Category) -> Iterator[tuple[str, str | Pole]]:
    yield "category", category.name
    yield "kind", category.kind
    yield "did", category.did


def _opposite(pole: Pole) -> Pole:
    return pole[0], 1 - pole[1]


def together(scene: Claims, words: Mapping[str, str]) -> Claims | None:
    """A scene with the claims of one more sentence, or None if one of them contradicts the scene or another."""
    merged = dict(scene)
    for attribute, value in claims(words):
        if merged.setdefault(attribute, value) != value:
            return None
    return merged


def follows(scene: Claims, words: Mapping[str, str]) -> bool:
    """Whether everything that the words claim is known of the scene."""
    return all(scene.get(attribute) == value for attribute, value in claims(words))


def answer(scene: Claims, guess: str) -> bool | None:
    """Whether a word of a game is right for a scene; None if nothing was said about that.

    Of "quick", a scene with something big says nothing: it is neither the same nor the opposite.
    """
    attribute, value = next(claims({_slot_of(guess): guess}))
    said = scene.get(attribute)
    if said is None or (isinstance(said, tuple) and said[0] != value[0]):
        return None
    return said == value


def _slot_of(guess: str) -> str:
    """The slot that a guess would fill."""
    if guess in PEOPLE:
        return "person"
    if guess in CATEGORY_OF:
        return "member"
    if guess in _CATEGORIES:
        return "category"
    if guess in KINDS:
        return "kind"
    return "adjective" if guess in QUALITIES else "verb"


def fits_together(templates: Sequence[str], sentence: str) -> bool | None:
    """Whether the claims of a sentence agree, and no word is said twice; None if no template matches the sentence."""
    match = first_match(templates, sentence)
    if match is None:
        return None
    _, words = match
    return together({}, words) is not None and len(set(words.values())) == len(words)
