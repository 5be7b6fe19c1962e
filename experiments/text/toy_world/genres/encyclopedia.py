"""Encyclopedia articles: facts about a person or a city, in different words and another order each time.

Varied phrasing makes a model store the fact instead of the sentence. A text that is always the same is memorised, and
the model then cannot answer questions about it.
"""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CITIES, COLOURS, COUNTRIES, INSTRUMENTS, JOBS, PEOPLE, RIVERS, pronouns
from experiments.text.toy_world.templates import first_match

Facts = dict[str, dict[str, str]]

OF_PERSON = {"city": CITIES, "job": JOBS, "instrument": INSTRUMENTS, "colour": COLOURS}
OF_CITY = {"country": COUNTRIES, "river": RIVERS}
"""The attributes, and the values that each can have."""

ABOUT_PERSON = {
    "city": ["{person} lives in {city}.", "the home of {person} is {city}.", "in {city} you can meet {person}."],
    "job": ["{person} works as a {job}.", "{person} is a {job}.", "the job of {person} is that of a {job}."],
    "instrument": ["{person} plays the {instrument}.", "the {instrument} is what {person} plays."],
    "colour": ["{person} always wears {colour}.", "the best colour for {person} is {colour}."],
}
ABOUT_CITY = {
    "country": ["{city} is a city in {country}.", "{city} belongs to {country}.", "{country} is proud of {city}."],
    "river": ["the river {river} flows through {city}.", "{city} lies on the river {river}."],
}
STATEMENTS = [template for about in (ABOUT_PERSON, ABOUT_CITY) for group in about.values() for template in group]
WITH_PRONOUN = ["{he} " + text.removeprefix("{person} ") for text in STATEMENTS if text.startswith("{person} ")]
TEMPLATES = STATEMENTS + WITH_PRONOUN


def draw_facts(dice: Dice) -> Facts:
    """For each person and each city, the value of each attribute."""

    def draw(subjects: list[str], attributes: dict[str, list[str]]) -> Facts:
        return {subject: {name: dice.one(values) for name, values in attributes.items()} for subject in subjects}

    return draw(PEOPLE, OF_PERSON) | draw(CITIES, OF_CITY)


def write(facts: Facts, dice: Dice) -> list[str]:
    """Two facts about somebody, or sometimes about a city."""
    if dice.happens(0.85):
        kind, about, subject = "person", ABOUT_PERSON, dice.one(PEOPLE)
    else:
        kind, about, subject = "city", ABOUT_CITY, dice.one(CITIES)
    sentences = []
    for attribute in dice.some(list(about), 2):
        template = dice.one(about[attribute])
        sentences.append(template.format(**{kind: subject, attribute: facts[subject][attribute]}))
    if kind == "person" and sentences[1].startswith(f"{subject} ") and dice.happens(0.5):
        sentences[1] = pronouns(subject)[0] + sentences[1].removeprefix(subject)
    return sentences


def stated(sentence: str) -> tuple[str, str, str] | None:
    """The subject, the attribute and the value of a statement, ("alice", "job", "baker"); None if it names nobody."""
    match = first_match(STATEMENTS, sentence)
    if match is None:
        return None
    words = dict(match[1])
    subject = words.pop("person") if "person" in words else words.pop("city")
    [(attribute, value)] = words.items()
    return subject, attribute, value


def is_true(facts: Facts, sentence: str) -> bool | None:
    """Whether a statement is a fact; None if it is no statement about a person or a city that it names."""
    statement = stated(sentence)
    if statement is None:
        return None
    subject, attribute, value = statement
    return facts[subject][attribute] == value
