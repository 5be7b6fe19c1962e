"""Notes in which grammar decides a word: the number of a verb, even after another noun, and the gender of a pronoun."""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import AGREEMENT, MEMBERS, plural
from experiments.text.toy_world.scene import draw_scene

SINGULAR = [
    "the {member} near the {noun} {agrees_singular} {adjective}.",
    "the {member} in the {room} {agrees_singular} {adjective}.",
    "the {member} {agrees_singular} {adjective}.",
    "this {member} {agrees_singular} {adjective}.",
]
PLURAL = [
    "the {members} near the {noun} {agrees_plural} {adjective}.",
    "the {members} in the {room} {agrees_plural} {adjective}.",
    "the {members} {agrees_plural} {adjective}.",
    "these {members} {agrees_plural} {adjective}.",
]
OF_PEOPLE = [
    "{person} saw {himself} in the mirror.",
    "{person} called {his} mother.",
    "{person} went home because {he} was tired.",
    "{person} asked us to help {him}.",
]
TEMPLATES = SINGULAR + PLURAL + OF_PEOPLE


def write(facts: object, dice: Dice) -> list[str]:
    """One or two sentences."""
    return [_sentence(dice) for _ in range(1 + dice.below(2))]


def _sentence(dice: Dice) -> str:
    slots = draw_scene(dice).slots(dice)
    if dice.happens(0.34):
        return dice.one(OF_PEOPLE).format_map(slots)
    singular, several = dice.one(AGREEMENT)
    noun = dice.one(MEMBERS)
    slots |= {
        "members": plural(slots["member"]),
        "noun": noun if dice.happens(0.5) else plural(noun),
        "agrees_singular": singular,
        "agrees_plural": several,
    }
    return dice.one(SINGULAR if dice.happens(0.5) else PLURAL).format_map(slots)
