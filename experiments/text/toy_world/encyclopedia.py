"""Encyclopedia articles: the facts about one person or city, in different words and another order each time.

Varied phrasing makes a model store the fact instead of the sentence. A text that is always the same is memorised, and
the model then cannot answer questions about it.
"""

import numpy as np

from experiments.text.toy_world.lexicon import CLASSES

Facts = dict[str, dict[str, str]]

OF_PERSON = ("city", "job", "food", "instrument", "pet", "colour")
OF_CITY = ("country", "river")

ABOUT_PERSON = {
    "city": ["{person} lives in {city}.", "the home of {person} is {city}.", "in {city} you can meet {person}."],
    "job": ["{person} works as a {job}.", "{person} is a {job}.", "the job of {person} is that of a {job}."],
    "food": ["{person} likes {food}.", "{person} often eats {food}.", "nothing pleases {person} like {food}."],
    "instrument": ["{person} plays the {instrument}.", "the {instrument} is what {person} plays."],
    "pet": ["{person} has a {pet}.", "{person} keeps a {pet}.", "the pet of {person} is a {pet}."],
    "colour": ["{person} always wears {colour}.", "the best colour for {person} is {colour}."],
}
ABOUT_CITY = {
    "country": ["{city} is a city in {country}.", "{city} belongs to {country}.", "{country} is proud of {city}."],
    "river": ["the river {river} flows through {city}.", "{city} lies on the river {river}."],
}
TEMPLATES = [template for about in (ABOUT_PERSON, ABOUT_CITY) for group in about.values() for template in group]


def write(facts: Facts, generator: np.random.Generator) -> list[str]:
    """The sentences of an article about somebody, or sometimes about a city."""
    if generator.random() < 0.8:
        kind, about = "person", ABOUT_PERSON
    else:
        kind, about = "city", ABOUT_CITY
    subject = CLASSES[kind][generator.integers(len(CLASSES[kind]))]
    sentences = []
    for number in generator.permutation(len(about)):
        attribute = list(about)[number]
        template = about[attribute][generator.integers(len(about[attribute]))]
        sentences.append(template.format(**{kind: subject, attribute: facts[subject][attribute]}))
    return sentences
