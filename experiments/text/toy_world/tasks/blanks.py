"""Fill in the blank: the kinds of things that can be learnt from reconstructing the input.

A blank has a text before it, a text after it, and the words that could fill it, the right one first. The texts are made
of held-out sentences (`parts.py`), except for those that state single facts.

Source: the lecture, "What can we learn from reconstructing the input?".
"""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.genres import encyclopedia, numbers, reviews
from experiments.text.toy_world.lexicon import (
    AGREEMENT,
    ASPECTS,
    BAD,
    CATEGORIES,
    GOOD,
    HE,
    LANGUAGES,
    MEMBERS,
    NUMBERS,
    ROOMS,
    SHE,
    THINGS,
    TRANSLATED,
    TRANSLATIONS,
    WORKS,
    plural,
    pronouns,
)
from experiments.text.toy_world.parts import part_of
from experiments.text.toy_world.scene import draw_scene
from experiments.text.toy_world.world import World


@dataclass(frozen=True)
class Blank:
    """A text with a blank between `before` and `after`; `choices` are words, the right one first."""

    before: str
    after: str
    choices: tuple[str, ...]

    @property
    def filled(self) -> str:
        """The whole text."""
        joint = "" if self.after.startswith((".", ",", "?")) else " "
        return f"{self.before} {self.choices[0]}{joint}{self.after}"


Maker = Callable[[World, Dice], Blank]


def blanks(world: World, kind: str, n: int, part: str = "test", seed: int = 0) -> list[Blank]:
    """`n` blanks of a kind, of a part: "test", or "dev"."""
    dice, make = Dice(world.seed, 2, seed, list(KINDS).index(kind)), KINDS[kind]
    found: list[Blank] = []
    while len(found) < n:
        blank = make(world, dice)
        if kind in ("fact", "translation") or part_of(blank.filled) == part:
            found.append(blank)
    return found


def fact(world: World, dice: Dice) -> Blank:
    """Where somebody lives, and what they do."""
    person, attribute = dice.one(HE + SHE), dice.one(list(encyclopedia.OF_PERSON))
    values = encyclopedia.OF_PERSON[attribute]
    before = {
        "city": f"{person} lives in",
        "job": f"{person} works as a",
        "instrument": f"{person} plays the",
        "colour": f"{person} always wears",
    }[attribute]
    return Blank(before, ".", _first(world.facts[person][attribute], values))


def agreement(world: World, dice: Dice) -> Blank:
    """The number of a verb, although another noun stands between."""
    first, second, verbs = dice.one(MEMBERS), dice.one(MEMBERS), dice.one(AGREEMENT)
    adjective = draw_scene(dice).slots(dice)["adjective"]
    several = dice.below(2)
    noun, other = (plural(first), second) if several else (first, plural(second))
    return Blank(f"the {noun} near the {other}", f"{adjective}.", (verbs[several], verbs[1 - several]))


def reflexive(world: World, dice: Dice) -> Blank:
    """Whether a name is a man's or a woman's."""
    person = dice.one(HE + SHE)
    own, other = pronouns(person)[3], "herself" if person in HE else "himself"
    room = dice.one(ROOMS)
    return Blank(f"{person} went to the {room}. {person} saw", "in the mirror.", (own, other))


def possessive(world: World, dice: Dice) -> Blank:
    """To whom a thing belongs: coreference."""
    scene = draw_scene(dice)
    slots = scene.slots(dice)
    other = "her" if scene.person in HE else "his"
    before = "{person} {verb} a {member}. {person} looked after".format_map(slots)
    return Blank(before, "{adjective} {category}.".format_map(slots), (slots["his"], other))


def topic(world: World, dice: Dice) -> Blank:
    """What belongs on a list."""
    categories = dice.some(CATEGORIES, len(CATEGORIES))
    members = [plural(member) for member in dice.some(categories[0].members, 4)]
    person = dice.one(HE + SHE)
    others = [plural(dice.one(category.members)) for category in categories[1:]]
    before = f"{person} saw {members[0]}, {members[1]}, {members[2]} and"
    return Blank(before, ".", (members[3], *others))


def sentiment(world: World, dice: Dice) -> Blank:
    """What the reviewer thought, from two adjectives."""
    good = dice.happens(0.5)
    words, others = (GOOD, BAD) if good else (BAD, GOOD)
    first, second = dice.some(ASPECTS, 2)
    before = f"we went to a {dice.one(WORKS)}. the {first} was {dice.one(words)}. the {second} was"
    return Blank(before, ".", (dice.one(words), dice.one(others)))


def verdict(world: World, dice: Dice) -> Blank:
    """The verdict after two adjectives."""
    good = dice.happens(0.5)
    words = GOOD if good else BAD
    first, second = dice.some(ASPECTS, 2)
    judgements = " ".join(
        reviews.PLAIN[0].format(aspect=aspect, sentiment=dice.one(words)) for aspect in (first, second)
    )
    choices = ("loved", "loathed") if good else ("loathed", "loved")
    return Blank(f"we went to a {dice.one(WORKS)}. {judgements} in short we", "it.", choices)


def where_is_somebody(world: World, dice: Dice) -> Blank:
    """Where somebody is who walked twice."""
    person, rooms = dice.one(HE + SHE), dice.some(ROOMS, 3)
    he = pronouns(person)[0]
    before = f"{person} went to the {rooms[0]}. {he} walked into the {rooms[1]}. {person} is in the"
    return Blank(before, ".", (rooms[1], rooms[0], rooms[2]))


def where_is_something(world: World, dice: Dice) -> Blank:
    """Where a thing is whose bearer walked on."""
    person, rooms, thing = dice.one(HE + SHE), dice.some(ROOMS, 3), dice.one(THINGS)
    he = pronouns(person)[0]
    walks = f"{person} went to the {rooms[0]}. {he} took the {thing}. {person} walked into the {rooms[1]}."
    return Blank(f"{walks} the {thing} is in the", ".", (rooms[1], rooms[0], rooms[2]))


def number(world: World, dice: Dice) -> Blank:
    """The next of a sequence of numbers."""
    step = dice.one(numbers.STEPS)
    lowest = dice.below(len(NUMBERS) - abs(step) * 4)
    *before, right = numbers.sequence(lowest, step, 5).removesuffix(".").split(", ")
    return Blank(f"{', '.join(before)},", ".", _first(right, NUMBERS))


def category(world: World, dice: Dice) -> Blank:
    """What a thing is a kind of."""
    scene = draw_scene(dice)
    before = "{person} has a {adjective} {member}. the".format_map(scene.slots(dice))
    return Blank(before, f"is in the {scene.room}.", _first(scene.category.name, [each.name for each in CATEGORIES]))


def synonym(world: World, dice: Dice) -> Blank:
    """The synonym of an adjective against its antonym."""
    slots = draw_scene(dice).slots(dice)
    before = "{person} has a {adjective} {member}. the {category} is".format_map(slots)
    return Blank(before, ".", (slots["adjective2"], slots["opposite"]))


def antonym(world: World, dice: Dice) -> Blank:
    """The antonym behind "not", against the synonym."""
    slots = draw_scene(dice).slots(dice)
    before = "{person} has a {adjective} {member}. the {category} is not".format_map(slots)
    return Blank(before, ".", (slots["opposite"], slots["adjective2"]))


def verb(world: World, dice: Dice) -> Blank:
    """The synonym of a verb against its antonym."""
    slots = draw_scene(dice).slots(dice)
    before = "{person} {verb} a {member} on {day}. it is the {category} that {person}".format_map(slots)
    return Blank(before, ".", (slots["verb2"], slots["opposite_verb"]))


def same_category(world: World, dice: Dice) -> Blank:
    """Whether the thing is of a category: yes or no."""
    scene = draw_scene(dice)
    right = dice.happens(0.5)
    guess = scene.category.name if right else dice.other(CATEGORIES, scene.category).name
    return _yes_or_no("{person} {verb} a {adjective} {member}. {guess}", scene.slots(dice), guess, right)


def same_quality(world: World, dice: Dice) -> Blank:
    """Whether an adjective means what was said: yes or no."""
    slots = draw_scene(dice).slots(dice)
    right = dice.happens(0.5)
    guess = slots["adjective2" if right else "opposite"]
    return _yes_or_no("{person} {verb} a {adjective} {member}. {guess}", slots, guess, right)


def same_action(world: World, dice: Dice) -> Blank:
    """Whether a verb means what was said: yes or no."""
    slots = draw_scene(dice).slots(dice)
    right = dice.happens(0.5)
    guess = slots["verb2" if right else "opposite_verb"]
    return _yes_or_no("{person} {verb} a {adjective} {member}. {guess}", slots, guess, right)


def owner(world: World, dice: Dice) -> Blank:
    """Which of two people has the dog."""
    people = [dice.one(HE), dice.one(SHE)]
    if dice.happens(0.5):
        people.reverse()
    categories = dice.some(CATEGORIES, 2)
    scenes = [draw_scene(dice, *pair).slots(dice) for pair in zip(people, categories, strict=True)]
    statements = " ".join("{person} has a {adjective} {member}.".format_map(slots) for slots in scenes)
    i = dice.below(2)
    return Blank(f"{statements} the {categories[i].name} belongs to", ".", (people[i], people[1 - i]))


def translation(world: World, dice: Dice) -> Blank:
    """A word of another language."""
    language, english = dice.one(list(LANGUAGES)), dice.one(TRANSLATED)
    words = TRANSLATIONS[language]
    return Blank(f"what is {english} in {language}?", ".", _first(words[english], list(words.values())))


def _yes_or_no(template: str, slots: dict[str, str], guess: str, right: bool) -> Blank:
    return Blank(template.format(**slots, guess=guess), ".", ("yes", "no") if right else ("no", "yes"))


def _first(right: str, words: list[str]) -> tuple[str, ...]:
    """The words, the right one first."""
    return (right, *(word for word in words if word != right))


KINDS: dict[str, Maker] = {
    "fact": fact,
    "agreement": agreement,
    "reflexive": reflexive,
    "possessive": possessive,
    "topic": topic,
    "sentiment": sentiment,
    "verdict": verdict,
    "where is somebody": where_is_somebody,
    "where is something": where_is_something,
    "number": number,
    "category": category,
    "synonym": synonym,
    "antonym": antonym,
    "verb": verb,
    "same category": same_category,
    "same quality": same_quality,
    "same action": same_action,
    "owner": owner,
    "translation": translation,
}
