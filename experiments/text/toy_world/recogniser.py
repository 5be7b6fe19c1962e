"""The recogniser: is a sentence grammatical in the toy world, and is it true?

It parses sentences with the templates that the writers use, so the two cannot disagree.
"""

import re

from experiments.text.toy_world import encyclopedia, reviews, stories
from experiments.text.toy_world.lexicon import pronoun
from experiments.text.toy_world.templates import read
from experiments.text.toy_world.world import World

TEMPLATES = encyclopedia.TEMPLATES + stories.TEMPLATES + reviews.TEMPLATES
_SENTENCE = re.compile(r"[^.!?]*[.!?]|[^.!?]+$")


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its full stop. Text after the last full stop is a sentence too."""
    return [sentence.strip() for sentence in _SENTENCE.findall(text) if sentence.strip()]


def is_grammatical(sentence: str) -> bool:
    """Whether a template matches this sentence."""
    return any(read(template, sentence) is not None for template in TEMPLATES)


def is_true(world: World, statement: str) -> bool | None:
    """Whether an encyclopedia's sentence is true in this world; None if it is not such a sentence."""
    for template in encyclopedia.TEMPLATES:
        words = read(template, statement)
        if words is not None:
            subject = words["person"] if "person" in words else words["city"]
            return all(world.facts[subject][slot] == word for slot, word in words.items() if word != subject)
    return None


def is_consistent(story: str) -> bool:
    """Whether a story's last sentences are right about where everybody and everything is.

    Raises:
        ValueError: if a sentence is not one of a story.
    """
    room: dict[str, str] = {}
    carrier: dict[str, str] = {}
    people: list[str] = []
    for sentence in sentences(story):
        words = next((found for t in stories.TEMPLATES if (found := read(t, sentence)) is not None), None)
        if words is None:
            raise ValueError(f"not a sentence of a story: {sentence!r}")
        person = words.get("person") or next((p for p in people if pronoun(p) == words.get("he")), None)
        states = any(read(t, sentence) is not None for t in stories.PERSON_IS + stories.THING_IS)
        if states:
            holder = person or carrier.get(words.get("thing", ""))
            if holder is None or room.get(holder) != words["room"]:
                return False
        elif person is None:
            return False  # a pronoun that refers to nobody
        elif "room" in words:
            people.append(person)
            room[person] = words["room"]
        else:
            carrier[words["thing"]] = person
    return True
