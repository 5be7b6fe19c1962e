"""Translation into three toy languages, word for word, in the order of each language.

    "the dog of adam found a big bird."
    norvish    the adjective follows its noun            "hunka adam fanta pilvo stuvo."
    zamian     the verb comes first                      "zopu zaru adam zuma ziwi."
    ludic      as in English                             "ludog adam lufon lubig lubir."

None has words for "a", "the" and "of". Names stay as they are, and whoever something belongs to is named behind it.

The pretraining text has only lists of single words (glossaries). What the test asks for is new combinations: the
object's adjective and noun occur together in no training sentence, not even as its subject, but all words do. Words
that no training output has would never be written.
"""

from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import PEOPLE, TRANSLATED, TRANSLATIONS
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.drawing import dice_for, draw, one_of

NOUNS, ADJECTIVES, VERBS = TRANSLATED[:8], TRANSLATED[8:12], TRANSLATED[12:]
SUBJECTS = [
    "{owner}",
    "the {noun}",
    "the {adjective} {noun}",
    "the {noun} of {owner}",
    "the {adjective} {noun} of {owner}",
]
"""Together with a verb, an adjective and a noun these are sentences of four to six words that are translated."""


@dataclass(frozen=True)
class Translation:
    """An English sentence and the same in another language."""

    language: str
    english: str
    foreign: str


@dataclass(frozen=True)
class Phrase:
    """A thing and whose it is, or only a person; parts that are not there are empty."""

    adjective: str = ""
    noun: str = ""
    owner: str = ""


def translations(seed: int, language: str, part: str, n: int) -> list[Translation]:
    """`n` sentences of a part with their translations, all of them different.

    Raises:
        TypeError or ValueError: if an argument is not as described, or there are fewer sentences.
    """
    one_of("language", language, list(TRANSLATIONS))
    pairs = _pairs(seed)
    objects, subjects = pairs[one_of("part", part, PARTS)], pairs["train"]
    dice = dice_for(seed, f"translation into {language}", part)
    return draw(n, part, lambda _: _translation(language, subjects, objects, dice), lambda found: found.english)


def foreign_words(language: str, subject: Phrase, verb: str, thing: Phrase) -> list[str]:
    """The words of a sentence in the order of a language."""
    if language == "zamian":
        english = [verb, *_in_order(subject), *_in_order(thing)]
    else:
        english = [*_in_order(subject, language == "norvish"), verb, *_in_order(thing, language == "norvish")]
    return [TRANSLATIONS[language].get(word, word) for word in english]  # a name has no translation


def _in_order(phrase: Phrase, noun_first: bool = False) -> list[str]:
    described = [phrase.noun, phrase.adjective] if noun_first else [phrase.adjective, phrase.noun]
    return [word for word in [*described, phrase.owner] if word]


def _pairs(seed: int) -> dict[str, list[tuple[str, str]]]:
    """Pairs of an adjective and a noun for each part: every noun has two in training, and one each in dev and test.

    Every adjective is in training with half of the nouns.
    """
    dice = dice_for(seed, "translation", "split")
    nouns, adjectives = dice.some(NOUNS, len(NOUNS)), dice.some(ADJECTIVES, len(ADJECTIVES))
    pairs: dict[str, list[tuple[str, str]]] = {part: [] for part in PARTS}
    for i, noun in enumerate(nouns):
        for j, part in enumerate(("train", "train", "dev", "test")):
            pairs[part].append((adjectives[(i + j) % len(adjectives)], noun))
    return pairs


def _translation(
    language: str, subjects: list[tuple[str, str]], objects: list[tuple[str, str]], dice: Dice
) -> Translation:
    template, person, verb = dice.one(SUBJECTS), dice.one(PEOPLE), dice.one(VERBS)
    words = dict(zip(("adjective", "noun"), dice.one(subjects), strict=True)) | {"owner": person}
    subject = Phrase(**{slot: word for slot, word in words.items() if f"{{{slot}}}" in template})
    thing = Phrase(*dice.one(objects))
    english = f"{template.format_map(words)} {verb} a {thing.adjective} {thing.noun}."
    return Translation(language, english, " ".join(foreign_words(language, subject, verb, thing)) + ".")
