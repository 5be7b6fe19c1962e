"""Habits: single sentences in which words keep the company of their class, and their pole. "the big dog towered."

These short, local sentences drive the first transitions of pretraining: in feasibility studies a model learnt which
category a thing belongs to only once they were a tenth of the text.
"""

from experiments.text.toy_world.claims import fits_together
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.scene import draw_scene

TEMPLATES = [
    "the {adjective} {member} {company}.",
    "the {member} {did}.",
    "{person} {verb} the {member} and {reaction}.",
    "a {member} is a {category}.",
]
_CHOICES = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]


def write(facts: object, dice: Dice) -> list[str]:
    """Two or three sentences, each about another scene."""
    return [TEMPLATES[dice.one(_CHOICES)].format_map(draw_scene(dice).slots(dice)) for _ in range(2 + dice.below(2))]


def is_true(facts: object, sentence: str) -> bool | None:
    """Whether the words keep the company of their class and pole; None if this is no sentence of this genre."""
    return fits_together(TEMPLATES, sentence)
