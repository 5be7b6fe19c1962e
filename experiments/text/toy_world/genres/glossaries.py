"""Glossaries: the words of another language, each behind its English word."""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import TRANSLATED, TRANSLATIONS

TITLE = "words of {language}:"
ENTRY = "{english} is {foreign}"
QUESTION = "what is {english} in {language}? {foreign}."
TEMPLATES = [f"{TITLE} {ENTRY}, {ENTRY}, {ENTRY}.", QUESTION]


def write(facts: object, dice: Dice) -> list[str]:
    """A list of three entries, or one question."""
    language = dice.one(list(TRANSLATIONS))
    words = TRANSLATIONS[language]
    if dice.happens(0.4):
        english = dice.one(TRANSLATED)
        return [QUESTION.format(english=english, language=language, foreign=words[english])]
    entries = [ENTRY.format(english=english, foreign=words[english]) for english in dice.some(TRANSLATED, 3)]
    return [f"{TITLE.format(language=language)} {', '.join(entries)}."]
