"""Lists of one category: what somebody saw, bought or needs. The category is the topic of the list."""

from experiments.text.toy_world.claims import fits_together
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CATEGORIES, PEOPLE
from experiments.text.toy_world.scene import plurals

TEMPLATES = [
    "{person} saw {members}, {members2}, {members3} and {members4}.",
    "we have {members}, {members2} and {members3}.",
    "{person} needs {members}, {members2} and {members3}.",
    "look at the {members}, the {members2} and the {members3}.",
]


def write(facts: object, dice: Dice) -> list[str]:
    """One sentence."""
    members = dice.some(dice.one(CATEGORIES).members, 4)
    return [dice.one(TEMPLATES).format(person=dice.one(PEOPLE), **plurals(members))]


def is_true(facts: object, sentence: str) -> bool | None:
    """Whether all members are different ones of one category; None if this is no list."""
    return fits_together(TEMPLATES, sentence)
