"""Reading comprehension like SQuAD: a passage, a question about it, and the answer, which is a span of the passage.

    on monday clara found a wet ferry. edgar lost a poplar in the hall.
    which one is a boat?     wet ferry
    what is the plant?       poplar
    who is she?              clara

A passage of two or three sentences says who did what with which thing, and where or when. A question asks for a thing
by its category or by its kind, or for a person by a pronoun. It shares no word with the answer, so a model must know
what each word is. In the style of version 2.0, two questions of five are unanswerable: nothing in the passage fits.

The people, the things, the adjectives and the verbs are dealt to the parts: no training passage has one of the test's.

Sources: Rajpurkar et al. 2016, "SQuAD: 100,000+ questions for machine comprehension of text"; Rajpurkar et al. 2018,
"Know what you don't know: unanswerable questions for SQuAD".
"""

from dataclasses import dataclass

from experiments.text.toy_world.claims import gender_of
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CATEGORIES, KINDS
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.scene import Scene
from experiments.text.toy_world.tasks.drawing import dice_for, draw, one_of
from experiments.text.toy_world.tasks.split import Words, split

IN_A_ROOM = ["{person} {verb} a {thing} in the {room}.", "in the {room} {person} {verb} a {thing}."]
ON_A_DAY = ["{person} {verb} a {thing} on {day}.", "on {day} {person} {verb} a {thing}."]
FOR_A_THING = ["which one is a {asked}?", "what is the {asked}?", "which {asked} is it?"]
FOR_A_PERSON = ["who is {asked}?", "who was {asked}?", "which one is {asked}?"]
"""None of these is a sentence of the world's text."""

ASKED = {"category": [category.name for category in CATEGORIES], "kind": KINDS, "pronoun": ["he", "she"]}
"""What a question may ask for, by the kind of question."""


@dataclass(frozen=True)
class Question:
    """A question about a passage.

    Attributes:
        answer: the words of the passage that answer it, or "" if none do.
        start: the place of the answer's first character in the passage, or -1.
    """

    passage: str
    question: str
    answer: str
    start: int

    @property
    def text(self) -> str:
        """The passage and the question."""
        return f"{self.passage} {self.question}"


def questions(seed: int, part: str, n: int, unanswerable: bool = False) -> list[Question]:
    """`n` questions of a part, all of them different; with `unanswerable`, two of five have no answer.

    Neither the kind of a question nor the length of its passage tells whether it has an answer.

    Raises:
        TypeError or ValueError: if an argument is not as described, or there are fewer questions.
    """
    words = split(seed)[one_of("part", part, PARTS)]
    dice = dice_for(seed, "reading", part)

    def make(i: int) -> Question | None:
        kind, length = list(ASKED)[i // 5 % 3], 2 + i // 15 % 2
        return _question(kind, _scenes(length, words, dice), unanswerable and i % 5 in (1, 3), dice)

    return draw(n, part, make, lambda question: question.text)


def _scenes(length: int, words: Words, dice: Dice) -> list[Scene]:
    """What the sentences of a passage are about: nobody and nothing occurs twice."""
    scenes: list[Scene] = []
    while len(scenes) < length:
        scene = words.scene(dice)
        if all(scene.person != each.person and scene.member != each.member for each in scenes):
            scenes.append(scene)
    return scenes


def _question(kind: str, scenes: list[Scene], unanswerable: bool, dice: Dice) -> Question | None:
    """A question to which one of the scenes, or none, has the answer; None if these scenes allow no such question."""
    fits = {asked: [scene for scene in scenes if _is(scene, kind) == asked] for asked in ASKED[kind]}
    choices = [asked for asked, fitting in fits.items() if len(fitting) == (0 if unanswerable else 1)]
    if not choices:
        return None
    asked = dice.one(choices)
    question = dice.one(FOR_A_PERSON if kind == "pronoun" else FOR_A_THING).format(asked=asked)
    passage, answer, start = "", "", -1
    for scene in scenes:
        slots = scene.slots(dice)
        thing = slots["thing"] = dice.one(["{adjective} {member}", "{member}"]).format_map(slots)
        sentence = dice.one(IN_A_ROOM + ON_A_DAY).format_map(slots)
        if scene in fits[asked]:
            answer = scene.person if kind == "pronoun" else thing
            start = len(passage) + _place(answer, sentence)
        passage += f"{sentence} "
    return Question(passage.rstrip(), question, answer, start)


def _is(scene: Scene, kind: str) -> str:
    """What a kind of question calls the thing, or the person, of a scene: "boat", "vehicle", "she"."""
    if kind == "pronoun":
        return gender_of(scene.person)
    return scene.category.name if kind == "category" else scene.category.kind


def _place(answer: str, sentence: str) -> int:
    """Where the answer begins: as whole words, not as a part of another word."""
    return f" {sentence}".replace(".", " ").index(f" {answer} ")
