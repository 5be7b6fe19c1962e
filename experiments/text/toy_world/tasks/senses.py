"""Word senses: homographs, which are a noun in some sentences and a verb in others. "i record the record."

A probe is trained on some homographs and tested on others, in held-out sentences. Every frame with the noun has one
with the verb in which the homograph is at the same place of a sentence of the same length: so neither tells the sense,
only the words around it do. Four of the frames are also those of the text (`genres/homographs.py`), the others are new.
"""

from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import AGREEMENT
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.scene import draw_scene
from experiments.text.toy_world.tasks.drawing import dice_for, draw, one_of
from experiments.text.toy_world.tasks.split import split

SENSES = ("noun", "verb")
FRAMES = [
    ("the {homograph} {agrees_singular} very {adjective}.", "they {homograph} the {adjective} {member}."),
    ("the {homograph} of {person} is {adjective}.", "they {homograph} the {member} on {day}."),
    ("the {homograph} near the {member} was {adjective}.", "they {homograph} the {member} in the {room}."),
    ("the {adjective} {homograph} belongs to {person}.", "do not {homograph} the {adjective} {member}."),
    ("the {adjective} {homograph} is near {person}.", "{person} will {homograph} a {adjective} {member}."),
    ("{person} {verb} the {homograph} on {day}.", "on {day} we {homograph} the {member}."),
    ("{person} {verb} the {homograph} in the {room}.", "{person} and i {homograph} the {adjective} {member}."),
    ("there is a {homograph} near the {adjective} {member}.", "{person} and i {homograph} it in the {room}."),
    ("{person} {verb} a {adjective} {homograph} on {day}.", "on {day} {person} will {homograph} the {member}."),
    ("on {day} {person} {verb} a {adjective} {homograph}.", "the {adjective} {member} is what they {homograph}."),
    # "the strong lock is near the dog", "the strong lock it in the hall": only what comes after tells.
    ("the {adjective} {homograph} is near the {member}.", "the {adjective} {homograph} it in the {room}."),
    ("the {adjective} {homograph} of {person} is {adjective2}.", "the {adjective} {homograph} the {member} on {day}."),
]
"""A frame for each sense, with the homograph at the same place of as many words. No document has the last two verbs'
frames, in which "the strong" are people."""


@dataclass(frozen=True)
class Sense:
    """A homograph in a sentence, its sense there, and the place of its first character."""

    text: str
    homograph: str
    sense: str
    start: int


def senses(seed: int, part: str, n: int) -> list[Sense]:
    """`n` sentences of a part, all of them different, with the part's homographs: nouns and verbs in turn.

    Dev and test have about 450 each.

    Raises:
        TypeError or ValueError: if an argument is not as described, or there are fewer sentences.
    """
    homographs = split(seed)[one_of("part", part, PARTS)].homographs
    dice = dice_for(seed, "senses", part)
    return draw(n, part, lambda i: _sense(i, homographs, dice), lambda found: found.text)


def _sense(i: int, homographs: tuple[str, ...], dice: Dice) -> Sense:
    """The i-th example: senses, frames and homographs take turns, so that all are as frequent."""
    which, frame = i % 2, FRAMES[i // 2 % len(FRAMES)]
    homograph = homographs[i // 2 // len(FRAMES) % len(homographs)]
    before, after = frame[which].split("{homograph}")
    slots = draw_scene(dice).slots(dice) | {"agrees_singular": dice.one(AGREEMENT)[0]}
    start = before.format_map(slots)
    return Sense(start + homograph + after.format_map(slots), homograph, SENSES[which], len(start))
