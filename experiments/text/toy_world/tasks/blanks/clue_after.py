"""Blanks whose clue comes after them: the same kinds, turned around. A model must read both sides to see the clue."""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.genres import encyclopedia
from experiments.text.toy_world.genres.encyclopedia import Facts
from experiments.text.toy_world.lexicon import (
    AGREEMENT,
    ASPECTS,
    BAD,
    GOOD,
    HE,
    MEMBERS,
    PEOPLE,
    ROOMS,
    SHE,
    WORKS,
    plural,
    pronouns,
)
from experiments.text.toy_world.scene import draw_scene
from experiments.text.toy_world.tasks.blanks import clue_before
from experiments.text.toy_world.tasks.blanks.blank import Blank, among

FACTS = {
    "city": ("in", "you can meet {person}."),
    "instrument": ("the", "is what {person} plays."),
}


def fact(facts: Facts, dice: Dice) -> Blank:
    """ "in ___ you can meet adam." """
    person, attribute = dice.one(PEOPLE), dice.one(list(FACTS))
    right, values = facts[person][attribute], encyclopedia.OF_PERSON[attribute]
    before, after = FACTS[attribute]
    return Blank(before, after.format(person=person), among(right, values, dice))


def syntax(facts: Facts, dice: Dice) -> Blank:
    """ "the ___ is big." """
    noun, verbs = dice.one(MEMBERS), dice.one(AGREEMENT)
    several = dice.below(2)
    choices = (plural(noun), noun) if several else (noun, plural(noun))
    room, adjective = dice.one(ROOMS), draw_scene(dice).slots(dice)["adjective"]
    return Blank("the", f"in the {room} {verbs[several]} {adjective}.", choices)


def coreference(facts: Facts, dice: Dice) -> Blank:
    """ "___ saw himself in the mirror." """
    person = dice.one(PEOPLE)
    other = dice.one(SHE if person in HE else HE)
    he, his, him, himself = pronouns(person)
    after = dice.one(
        [
            f"saw {himself} in the mirror.",
            f"called {his} mother.",
            f"went home because {he} was tired.",
            f"asked us to help {him}.",
        ]
    )
    return Blank("", after, (person, other))


def topic(facts: Facts, dice: Dice) -> Blank:
    """ "adam saw ___, pigeons, swans and finches." """
    members, others = clue_before.four_members(dice)
    after = f", {members[1]}, {members[2]} and {members[3]}."
    return Blank(f"{dice.one(PEOPLE)} saw", after, (members[0], *others))


def sentiment(facts: Facts, dice: Dice) -> Blank:
    """ "we went to a film. the plot was ___. in short we loved it." """
    good = dice.happens(0.5)
    right, wrong = (GOOD, BAD) if good else (BAD, GOOD)
    before = f"we went to a {dice.one(WORKS)}. the {dice.one(ASPECTS)} was"
    verdict = "loved" if good else "loathed"
    return Blank(before, f". in short we {verdict} it.", (dice.one(right), dice.one(wrong)))


def tracking(facts: Facts, dice: Dice) -> Blank:
    """ "adam went to the attic. he walked into the ___. adam is in the hall." """
    person, rooms = dice.one(PEOPLE), dice.some(ROOMS, 3)
    before = f"{person} went to the {rooms[0]}. {pronouns(person)[0]} walked into the"
    return Blank(before, f". {person} is in the {rooms[1]}.", (rooms[1], rooms[0], rooms[2]))


def number(facts: Facts, dice: Dice) -> Blank:
    """ "___, 4, 6, 8, 10." """
    right, *after = clue_before.five_numbers(dice)
    return Blank("", f", {', '.join(after)}.", clue_before.nearby(right, dice))
