"""Contrasts: what means the same, and what the opposite. "it was big, that is, large." "it was big, not small." """

from experiments.text.toy_world.claims import fits_together
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import plural
from experiments.text.toy_world.scene import draw_scene

TEMPLATES = [
    "the {member} was not {opposite}, it was {adjective}.",
    "it was {adjective}, that is, {adjective2}.",
    "it was {adjective}, not {opposite}.",
    "some {categories} are {adjective} and others are {opposite}.",
    "a {category} cannot be {adjective} and {opposite}.",
    "{person} {verb} it, that is, {he} {verb2} it.",
    "{person} {verb} it but never {opposite_verb} it.",
    "a {adjective} {member} is a {adjective2} {category}.",
]


def write(facts: object, dice: Dice) -> list[str]:
    """One or two sentences about one scene."""
    scene = draw_scene(dice)
    slots = scene.slots(dice) | {"categories": plural(scene.category.name)}
    return [template.format_map(slots) for template in dice.some(TEMPLATES, 1 + dice.below(2))]


def is_true(facts: object, sentence: str) -> bool | None:
    """Whether synonyms and antonyms are those of the lexicon; None if this is no sentence of this genre."""
    return fits_together(TEMPLATES, sentence)
