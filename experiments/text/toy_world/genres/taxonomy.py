"""Taxonomy: what is a kind of what. "poodles, pugs and other dogs are common." """

from experiments.text.toy_world.claims import fits_together
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CATEGORIES, plural
from experiments.text.toy_world.scene import plurals

TEMPLATES = [
    "a {member} is a {category}.",
    "{members}, {members2} and other {categories} are common.",
    "{categories} such as {members} and {members2} are popular.",
    "every {category} is a {kind}.",
    "{members} and {members2} are {categories}.",
    "the {member} is a kind of {category}.",
    "a {member} is a {kind}.",
]


def write(facts: object, dice: Dice) -> list[str]:
    """Two or three sentences about one category."""
    category = dice.one(CATEGORIES)
    words = {"category": category.name, "categories": plural(category.name), "kind": category.kind}
    sentences = []
    for template in dice.some(TEMPLATES, 2 + dice.below(2)):
        members = dice.some(category.members, 2)
        sentences.append(template.format(**words, member=members[0], **plurals(members)))
    return sentences


def is_true(facts: object, sentence: str) -> bool | None:
    """Whether everything is of the kind that is claimed; None if this is no sentence of this genre."""
    return fits_together(TEMPLATES, sentence)
