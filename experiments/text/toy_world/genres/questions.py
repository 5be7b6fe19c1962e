"""Pages of questions and answers: a statement, then who, where, when, what. The answers are words of the statement."""

from experiments.text.toy_world.claims import follows, together
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.scene import draw_scene
from experiments.text.toy_world.templates import first_match

IN_A_ROOM, ON_A_DAY = "{person} {verb} a {member} in the {room}.", "{person} {verb} a {member} on {day}."
ALWAYS = [
    "who {verb} the {category}? {person}.",
    "what was it that {person} {verb}? a {category}.",
    "which {category} was it that {person} {verb}? a {member}.",
]
ABOUT_A_ROOM = ["where was the {category}? in the {room}.", "what was in the {room}? a {category}."]
ABOUT_A_DAY = ["when was it? on {day}.", "what was it on {day}? a {category}."]
TEMPLATES = [IN_A_ROOM, ON_A_DAY, *ALWAYS, *ABOUT_A_ROOM, *ABOUT_A_DAY]


def write(facts: object, dice: Dice) -> list[str]:
    """A statement and one or two questions."""
    scene = draw_scene(dice)
    statement, about = (IN_A_ROOM, ABOUT_A_ROOM) if dice.happens(0.5) else (ON_A_DAY, ABOUT_A_DAY)
    questions = dice.some(ALWAYS + about, 1 + dice.below(2))
    return [template.format_map(scene.slots(dice)) for template in [statement, *questions]]


def judge(sentences: list[str]) -> bool | None:
    """Whether the statement answers every question so; None if these are not a statement and questions."""
    statement = first_match([IN_A_ROOM, ON_A_DAY], sentences[0])
    questions = [first_match(ALWAYS + ABOUT_A_ROOM + ABOUT_A_DAY, sentence) for sentence in sentences[1:]]
    if statement is None or not questions or None in questions:
        return None
    scene = together({}, statement[1]) or {}
    return all(follows(scene, found[1]) for found in questions if found)
