"""Homographs: one spelling, a noun and a verb. "they record the song" and "the record is big".

The words around a homograph tell which of the two it is; the homograph alone does not.
"""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import HOMOGRAPHS
from experiments.text.toy_world.scene import draw_scene

AS_NOUN = [
    "the {homograph} is {adjective}.",
    "{person} {verb} a {adjective} {homograph}.",
    "the {homograph} near the {member} was {adjective}.",
    "there is a {homograph} in the {room}.",
    "{person} has a {homograph}.",
]
AS_VERB = [
    "they {homograph} the {member}.",
    "{person} will {homograph} a {adjective} {member}.",
    "on {day} we {homograph} the {member}.",
    "{person} and i {homograph} it in the {room}.",
    "do not {homograph} the {member}.",
]
TEMPLATES = AS_NOUN + AS_VERB


def write(facts: object, dice: Dice) -> list[str]:
    """Two sentences, each with a homograph of its own."""
    return [
        dice.one(TEMPLATES).format(**draw_scene(dice).slots(dice), homograph=dice.one(HOMOGRAPHS)) for _ in range(2)
    ]
