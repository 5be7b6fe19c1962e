"""Further blanks, each for one skill that a downstream task needs. They show when a model has learnt it."""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.genres.encyclopedia import Facts
from experiments.text.toy_world.lexicon import CATEGORIES, HE, SHE, TRANSLATED, TRANSLATIONS
from experiments.text.toy_world.scene import draw_scene
from experiments.text.toy_world.tasks.blanks.blank import Blank, among


def category(facts: Facts, dice: Dice) -> Blank:
    """ "adam has a big poodle. the ___ is in the attic." """
    scene = draw_scene(dice)
    before = "{person} has a {adjective} {member}. the".format_map(scene.slots(dice))
    names = [each.name for each in CATEGORIES]
    return Blank(before, f"is in the {scene.room}.", among(scene.category.name, names, dice))


def synonym(facts: Facts, dice: Dice) -> Blank:
    """ "adam has a big poodle. the dog is ___.": large, or small?"""
    slots = draw_scene(dice).slots(dice)
    before = "{person} has a {adjective} {member}. the {category} is".format_map(slots)
    return Blank(before, ".", (slots["adjective2"], slots["opposite"]))


def antonym(facts: Facts, dice: Dice) -> Blank:
    """ "adam has a big poodle. the dog is not ___.": small, or large?"""
    slots = draw_scene(dice).slots(dice)
    before = "{person} has a {adjective} {member}. the {category} is not".format_map(slots)
    return Blank(before, ".", (slots["opposite"], slots["adjective2"]))


def verb(facts: Facts, dice: Dice) -> Blank:
    """ "adam found a poodle on monday. it is the dog that adam ___.": discovered, or lost?"""
    slots = draw_scene(dice).slots(dice)
    before = "{person} {verb} a {member} on {day}. it is the {category} that {person}".format_map(slots)
    return Blank(before, ".", (slots["verb2"], slots["opposite_verb"]))


def same_person(facts: Facts, dice: Dice) -> Blank:
    """ "adam found a big poodle. carl ___.": yes, or no?"""
    scene, right = draw_scene(dice), dice.happens(0.5)
    return _yes_or_no(scene.slots(dice), scene.person if right else dice.other(HE + SHE, scene.person), right)


def same_category(facts: Facts, dice: Dice) -> Blank:
    """ "adam found a big poodle. dog ___.": yes, or no?"""
    scene, right = draw_scene(dice), dice.happens(0.5)
    guess = scene.category if right else dice.other(CATEGORIES, scene.category)
    return _yes_or_no(scene.slots(dice), guess.name, right)


def same_quality(facts: Facts, dice: Dice) -> Blank:
    """ "adam found a big poodle. large ___.": yes, or no?"""
    slots, right = draw_scene(dice).slots(dice), dice.happens(0.5)
    return _yes_or_no(slots, slots["adjective2" if right else "opposite"], right)


def same_action(facts: Facts, dice: Dice) -> Blank:
    """ "adam found a big poodle. discovered ___.": yes, or no?"""
    slots, right = draw_scene(dice).slots(dice), dice.happens(0.5)
    return _yes_or_no(slots, slots["verb2" if right else "opposite_verb"], right)


def owner(facts: Facts, dice: Dice) -> Blank:
    """ "adam has a big poodle. emma has a wet pine. the dog belongs to ___.": adam, or emma?"""
    people = dice.some([dice.one(HE), dice.one(SHE)], 2)
    categories = dice.some(CATEGORIES, 2)
    scenes = [draw_scene(dice, *pair).slots(dice) for pair in zip(people, categories, strict=True)]
    statements = " ".join("{person} has a {adjective} {member}.".format_map(slots) for slots in scenes)
    i = dice.below(2)
    return Blank(f"{statements} the {categories[i].name} belongs to", ".", (people[i], people[1 - i]))


def translation(facts: Facts, dice: Dice) -> Blank:
    """ "what is dog in norvish? ___." """
    language, english = dice.one(list(TRANSLATIONS)), dice.one(TRANSLATED)
    words = TRANSLATIONS[language]
    return Blank(f"what is {english} in {language}?", ".", among(words[english], list(words.values()), dice))


def _yes_or_no(slots: dict[str, str], guess: str, right: bool) -> Blank:
    before = "{person} {verb} a {adjective} {member}. {guess}".format(**slots, guess=guess)
    return Blank(before, ".", ("yes", "no") if right else ("no", "yes"))
