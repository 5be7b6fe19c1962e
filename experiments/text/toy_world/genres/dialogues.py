"""Dialogues: two people talk about a thing that one of them has. What is asked and answered hangs together."""

from experiments.text.toy_world.claims import Claims, together
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import HE, SHE, plural
from experiments.text.toy_world.scene import draw_scene
from experiments.text.toy_world.templates import first_match

OPENINGS = [
    "{person}: i {verb} a {adjective} {member}.",
    "{person}: on {day} i {verb} a {member}.",
    "{person}: there is a {adjective} {member} in the {room}.",
]
REPLIES = [
    "{person2}: where is the {category}?",
    "{person2}: who {verb} the {category}?",
    "{person2}: do you like {categories}?",
]
ANSWERS = {
    REPLIES[0]: "{person}: in the {room}.",
    REPLIES[1]: "{person}: it was me, {person}.",
    REPLIES[2]: "{person}: yes, {members} are my favourite {categories}.",
}
TEMPLATES = OPENINGS + REPLIES + list(ANSWERS.values())


def write(facts: object, dice: Dice) -> list[str]:
    """Three turns."""
    scene = draw_scene(dice)
    more = {
        "person2": dice.one(SHE if scene.person in HE else HE),
        "categories": plural(scene.category.name),
        "members": plural(scene.member),
    }
    reply = dice.one(REPLIES)
    return [template.format_map(scene.slots(dice) | more) for template in (dice.one(OPENINGS), reply, ANSWERS[reply])]


def judge(sentences: list[str]) -> bool | None:
    """Whether the answer answers the question, and fits what was said first; None if these are not the three turns."""
    if len(sentences) != 3:
        return None
    opening, reply = first_match(OPENINGS, sentences[0]), first_match(REPLIES, sentences[1])
    answer = first_match(list(ANSWERS.values()), sentences[2])
    if opening is None or reply is None or answer is None:
        return None
    scene: Claims | None = {}
    for _, words in (opening, reply, answer):
        scene = None if scene is None else together(scene, words)
    return scene is not None and reply[1]["person2"] != scene["person"] and ANSWERS[reply[0]] == answer[0]
