"""Blanks whose clue comes before them: the lecture's kinds, which a model that reads from the left can fill in.

Source: the lecture, "What kinds of things does pretraining teach?".
"""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.genres import encyclopedia, numbers, reviews
from experiments.text.toy_world.genres.encyclopedia import Facts
from experiments.text.toy_world.lexicon import (
    AGREEMENT,
    ASPECTS,
    BAD,
    CATEGORIES,
    GOOD,
    HE,
    MEMBERS,
    NUMBERS,
    PEOPLE,
    ROOMS,
    THINGS,
    WORKS,
    plural,
    pronouns,
)
from experiments.text.toy_world.scene import draw_scene
from experiments.text.toy_world.tasks.blanks.blank import Blank, among

FACTS = {
    "city": "{person} lives in",
    "job": "{person} works as a",
    "instrument": "{person} plays the",
    "colour": "{person} always wears",
}


def fact(facts: Facts, dice: Dice) -> Blank:
    """ "adam lives in ___." """
    person, attribute = dice.one(PEOPLE), dice.one(list(FACTS))
    right, values = facts[person][attribute], encyclopedia.OF_PERSON[attribute]
    return Blank(FACTS[attribute].format(person=person), ".", among(right, values, dice))


def syntax(facts: Facts, dice: Dice) -> Blank:
    """ "the poodles near the tree ___ big." """
    first, second, verbs = dice.one(MEMBERS), dice.one(MEMBERS), dice.one(AGREEMENT)
    several = dice.below(2)
    noun, other = (plural(first), second) if several else (first, plural(second))
    adjective = draw_scene(dice).slots(dice)["adjective"]
    return Blank(f"the {noun} near the {other}", f"{adjective}.", (verbs[several], verbs[1 - several]))


def coreference(facts: Facts, dice: Dice) -> Blank:
    """ "adam found a poodle. adam looked after ___ quick dog." """
    scene = draw_scene(dice)
    slots = scene.slots(dice)
    before = "{person} {verb} a {member}. {person} looked after".format_map(slots)
    other = "her" if scene.person in HE else "his"
    return Blank(before, "{adjective} {category}.".format_map(slots), (slots["his"], other))


def topic(facts: Facts, dice: Dice) -> Blank:
    """ "adam saw robins, pigeons, swans and ___." """
    members, others = four_members(dice)
    before = f"{dice.one(PEOPLE)} saw {members[0]}, {members[1]}, {members[2]} and"
    return Blank(before, ".", (members[3], *others))


def sentiment(facts: Facts, dice: Dice) -> Blank:
    """ "we went to a film. the plot was dull. the cast was weak. in short we ___ it." """
    words, choices = (GOOD, ("loved", "loathed")) if dice.happens(0.5) else (BAD, ("loathed", "loved"))
    judgements = [reviews.PLAIN[0].format(aspect=aspect, sentiment=dice.one(words)) for aspect in dice.some(ASPECTS, 2)]
    return Blank(f"we went to a {dice.one(WORKS)}. {' '.join(judgements)} in short we", "it.", choices)


def tracking(facts: Facts, dice: Dice) -> Blank:
    """ "adam went to the attic. he took the lamp. adam walked into the hall. the lamp is in the ___." """
    person, rooms, thing = dice.one(PEOPLE), dice.some(ROOMS, 3), dice.one(THINGS)
    he = pronouns(person)[0]
    walks = f"{person} went to the {rooms[0]}. {he} took the {thing}. {person} walked into the {rooms[1]}."
    who = person if dice.happens(0.5) else f"the {thing}"
    return Blank(f"{walks} {who} is in the", ".", (rooms[1], rooms[0], rooms[2]))


def number(facts: Facts, dice: Dice) -> Blank:
    """ "2, 4, 6, 8, ___." """
    *before, right = five_numbers(dice)
    return Blank(f"{', '.join(before)},", ".", nearby(right, dice))


def four_members(dice: Dice) -> tuple[list[str], list[str]]:
    """Four members of a category and one of each other, in the plural."""
    own, *others = dice.some(CATEGORIES, len(CATEGORIES))
    members = [plural(member) for member in dice.some(own.members, 4)]
    return members, [plural(dice.one(other.members)) for other in others]


def five_numbers(dice: Dice) -> list[str]:
    """A sequence of five."""
    step = dice.one(numbers.STEPS)
    lowest = dice.below(len(NUMBERS) - abs(step) * 4)
    return numbers.sequence(lowest, step, 5).removesuffix(".").split(", ")


def nearby(right: str, dice: Dice) -> tuple[str, ...]:
    """A number, and others that are at most six away."""
    i = NUMBERS.index(right)
    return among(right, NUMBERS[max(i - 6, 0) : i + 7], dice)
