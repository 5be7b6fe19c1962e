"""Situations: one sentence says what somebody did with a thing; the next say the same in other words.

In what follows a poodle is called a dog, a big one large, and "found" becomes "discovered": this is where a model can
learn that one word entails another. A sentence in a premise's own words, such as "adam found a large dog.", has a
pronoun for its subject, because a task of natural language inference asks for exactly that pair.
"""

from experiments.text.toy_world.claims import Claims, claims, together
from experiments.text.toy_world.dice import Dice, cumulative
from experiments.text.toy_world.lexicon import CATEGORIES, HE, SHE
from experiments.text.toy_world.scene import Scene, draw_scene
from experiments.text.toy_world.templates import first_match

OPENINGS = [
    ["{person} has a {adjective} {member}."],
    ["{person} {verb} a {adjective} {member} in the {room}."],
    ["{person} {verb} a {member} on {day}.", "the {member} was {adjective}."],
    ["there is a {adjective} {member} in the {room}.", "it belongs to {person}."],
    ["the {member} of {person} is {adjective}."],
    ["on {day} {person} {verb} a {adjective} {member}."],
]
FOLLOWING = {
    "the {category} is {adjective}.": 2,
    "the {category} is not {opposite}.": 2,
    "the {category} belongs to {person}.": 1,
    "the {category} belongs to {him}.": 1,
    "the {adjective} {category} belongs to {person}.": 1,
    "the {adjective} one belongs to {person}.": 1,
    "{he} has a {adjective} {category}.": 1,
    "{person} has no {other}.": 1,
    "{he} has no {other}.": 1,
    "{person} {verb} the {category}.": 1,
    "{he} never {opposite_verb} the {category}.": 1,
    "{person} never {opposite_verb} the {category}.": 1,
    "the {category} {did}.": 1,
    "the {category} is in the {room}.": 1,
    "{he} has a {kind}.": 1,
    "the {kind} in the {room} is a {category}.": 1,
    "{person} looked after {his} {adjective} {category}.": 1,
    "{he} {verb} a {adjective} {category}.": 4,
    "it was a {adjective} {category} that {person} {verb}.": 2,
    "it is the {category} that {person} {verb}.": 2,
    "the {category} {company}.": 2,
    "{person} {verb} it and {reaction}.": 1,
    "{he} {verb} it and {reaction}.": 1,
    "{he} {reaction}.": 1,
}
TEMPLATES = [template for opening in OPENINGS for template in opening] + list(FOLLOWING)
_FIRST = [opening[0] for opening in OPENINGS]
_SECOND = [opening[1] for opening in OPENINGS if len(opening) > 1]
_FOLLOWING, _CUMULATIVE = list(FOLLOWING), cumulative(list(FOLLOWING.values()))


def write(facts: object, dice: Dice) -> list[str]:
    """The sentences about one scene, or sometimes two: a man's and a woman's, with things of different categories."""
    first = draw_scene(dice)
    scenes = [first]
    if dice.happens(0.15):
        person = dice.one(SHE if first.person in HE else HE)
        scenes.append(draw_scene(dice, person, dice.other(CATEGORIES, first.category)))
    sentences = [sentence for scene in scenes for sentence in _opening(scene, dice)]
    for _ in range(1 + dice.below(3)):
        scene = dice.one(scenes)
        slots = scene.slots(dice)
        slots["other"] = dice.one([c.name for c in CATEGORIES if c not in [each.category for each in scenes]])
        sentence = dice.weighted(_FOLLOWING, _CUMULATIVE).format_map(slots)
        if sentence not in sentences:
            sentences.append(sentence)
    return sentences


def _opening(scene: Scene, dice: Dice) -> list[str]:
    slots = scene.slots(dice)
    return [template.format_map(slots) for template in dice.one(OPENINGS)]


def judge(sentences: list[str]) -> bool | None:
    """Whether what follows agrees with what was said; None if these are not the sentences of a situation."""
    scenes: list[Claims] = []
    for sentence in sentences:
        match = first_match(TEMPLATES, sentence)
        if match is None:
            return None
        template, words = match
        if template in _FIRST:
            scenes.append({})
        elif not scenes:
            return None  # it follows nothing
        i = len(scenes) - 1 if template in _FIRST + _SECOND else _which(scenes, words)
        scene = together(scenes[i], words)
        if scene is None or words.get("other", "") in [each.get("category") for each in scenes]:
            return False
        scenes[i] = scene
    return True


def _which(scenes: list[Claims], words: dict[str, str]) -> int:
    """The scene that a sentence is about: the one whose person and thing fit its words best."""
    said = [pair for pair in claims(words) if pair[0] in ("person", "gender", "category", "kind", "did")]
    return max(range(len(scenes)), key=lambda i: sum(scenes[i].get(name) == value for name, value in said))
