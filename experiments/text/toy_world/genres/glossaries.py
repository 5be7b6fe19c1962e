"""Glossaries: the words of another language, each behind its English word."""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import TRANSLATED, TRANSLATIONS
from experiments.text.toy_world.templates import first_match

TITLE = "words of {language}:"
ENTRY = "{english} is {foreign}"
QUESTION = "what is {english} in {language}? {foreign}."
LIST = f"{TITLE} {{english}} is {{foreign}}, {{english2}} is {{foreign2}}, {{english3}} is {{foreign3}}."
TEMPLATES = [LIST, QUESTION]


def write(facts: object, dice: Dice) -> list[str]:
    """A list of three entries, or one question."""
    language = dice.one(list(TRANSLATIONS))
    words = TRANSLATIONS[language]
    if dice.happens(0.4):
        english = dice.one(TRANSLATED)
        return [QUESTION.format(english=english, language=language, foreign=words[english])]
    entries = [ENTRY.format(english=english, foreign=words[english]) for english in dice.some(TRANSLATED, 3)]
    return [f"{TITLE.format(language=language)} {', '.join(entries)}."]


def is_true(facts: object, sentence: str) -> bool | None:
    """Whether all translations are those of the lexicon; None if this is no sentence of a glossary."""
    match = first_match(TEMPLATES, sentence)
    if match is None:
        return None
    words = match[1]
    translations = TRANSLATIONS[words["language"]]
    numbers = [slot.removeprefix("english") for slot in words if slot.startswith("english")]
    return all(translations[words[f"english{number}"]] == words[f"foreign{number}"] for number in numbers)
