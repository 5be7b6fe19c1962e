"""Templates: the writers generate sentences from them, and the recogniser parses with them.

A template is a sentence with slots, "{person} lives in {city}." A slot is named after a word class, with a number if
the class occurs twice; the slot "{he}" takes a pronoun.
"""

import re
from functools import cache

from experiments.text.toy_world.lexicon import CLASSES

SLOT = re.compile(r"\{([a-z]+)(\d*)\}")


def word_class(slot: str) -> list[str]:
    """The words that may fill a slot: `city2` takes a city, `he` a pronoun.

    Raises:
        ValueError: if no class has that name.
    """
    name = slot.rstrip("0123456789")
    if name != "he" and name not in CLASSES:
        raise ValueError(f"slot {slot!r} must have the name of a class: he, {', '.join(CLASSES)}")
    return ["he", "she"] if name == "he" else CLASSES[name]


@cache
def pattern(template: str) -> re.Pattern[str]:
    """A regular expression that matches the sentences of a template; its groups are the slots."""
    expression, end = "", 0
    for slot in SLOT.finditer(template):
        name = slot[1] + slot[2]
        expression += re.escape(template[end : slot.start()]) + f"(?P<{name}>{'|'.join(word_class(name))})"
        end = slot.end()
    return re.compile(expression + re.escape(template[end:]))


def read(template: str, sentence: str) -> dict[str, str] | None:
    """The words that fill a template's slots in a sentence, or None if the template does not match it."""
    match = pattern(template).fullmatch(sentence)
    return match.groupdict() if match else None
