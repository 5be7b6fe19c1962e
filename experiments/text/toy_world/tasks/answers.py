"""Does a sentence answer a question? QNLI asks so; SciTail turns the question and its answer into a hypothesis.

The sentence names a thing ("poodle"), the question its category ("dog"). It answers if the category, the verb and the
adjective fit and if it says what is asked for: who, where, when, or which.
"""

from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CATEGORIES, DAYS, ROOMS
from experiments.text.toy_world.scene import Scene
from experiments.text.toy_world.tasks.entailment import CONTRADICTION, ENTAILMENT, NEUTRAL, NOT_ENTAILMENT, related
from experiments.text.toy_world.tasks.example import N_DEV, N_TEST, Example, Task, draw_task
from experiments.text.toy_world.tasks.split import Words

IN_A_ROOM = [
    "{person} {verb} a {adjective} {member} in the {room}.",
    "in the {room} {person} {verb} a {adjective} {member}.",
    "it was in the {room} that {person} {verb} a {adjective} {member}.",
]
ON_A_DAY = [
    "{person} {verb} a {adjective} {member} on {day}.",
    "on {day} {person} {verb} a {adjective} {member}.",
    "it was on {day} that {person} {verb} a {adjective} {member}.",
]


@dataclass(frozen=True)
class Question:
    """What is asked for ("room" or "day", or None if the sentence always says it), its wordings, and as a statement."""

    about: str | None
    wordings: tuple[str, ...]
    statements: tuple[str, ...]


QUESTIONS = [
    Question(
        None,
        ("who {verb} the {category}?", "who was it that {verb} the {category}?"),
        ("it was {person} that {verb} the {category}.", "the one that {verb} the {category} was {person}."),
    ),
    Question(
        "room",
        ("where was the {category} that {person} {verb}?", "in which room was the {category} that {person} {verb}?"),
        (
            "the {category} that {person} {verb} was in the {room}.",
            "in the {room} was the {category} that {person} {verb}.",
        ),
    ),
    Question(
        "day",
        (
            "when was it that {person} {verb} the {category}?",
            "on which day was it that {person} {verb} the {category}?",
        ),
        (
            "it was on {day} that {person} {verb} the {category}.",
            "the day that {person} {verb} the {category} was {day}.",
        ),
    ),
    Question(
        None,
        ("which {category} was it that {person} {verb}?", "what was the {category} that {person} {verb}?"),
        ("the {category} that {person} {verb} was a {member}.", "a {member} was the {category} that {person} {verb}."),
    ),
    Question(
        None,
        ("which {adjective} {category} was it?", "what was the {adjective} {category}?"),
        ("the {adjective} {category} was a {member}.", "a {member} was the {adjective} {category}."),
    ),
]
ELSEWHERE = 0.4
"""How many of the wrong pairs about a room or a day differ in just that."""
REWORDED = 0.5
"""How often a word that does not decide is replaced by its synonym."""


def qnli(seed: int, n_train: int = 2204, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """QNLI: does the sentence answer the question? The sentence comes first, unlike in GLUE's files: a decoder that
    reads the question first has to remember all of it (dev accuracy 60% against 75%).

    Raises:
        TypeError or ValueError: if a size is not a whole number of at least 0, or more than there are examples.
    """

    def make(words: Words, dice: Dice, label: int) -> Example:
        scene, question = words.scene(dice), dice.one(QUESTIONS)
        slots, place = scene.slots(dice), "room" if dice.happens(0.5) else "day"
        wrong = None
        if question.about:
            wrong = label == 1 and dice.happens(ELSEWHERE)
            place = question.about if not wrong else "day" if question.about == "room" else "room"
        wording = dice.one(question.wordings)
        changed = _changed(words, dice, scene, slots, wording, label == 0 or wrong is True)
        sentence = dice.one(IN_A_ROOM if place == "room" else ON_A_DAY)
        return Example(sentence.format_map(slots), wording.format_map(slots | changed), label)

    return draw_task("QNLI", seed, (n_train, n_dev, n_test), make, (ENTAILMENT, NOT_ENTAILMENT))


def scitail(seed: int, n_train: int = 482, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """SciTail: does a sentence entail what a question and an answer say together? Raises as `qnli` does."""

    def make(words: Words, dice: Dice, label: int) -> Example:
        scene, question = words.scene(dice), dice.one(QUESTIONS)
        slots, place = scene.slots(dice), question.about or ("room" if dice.happens(0.5) else "day")
        elsewhere = question.about is not None and label == 1 and dice.happens(ELSEWHERE)
        statement = dice.one(question.statements)
        changed = _changed(words, dice, scene, slots, statement, label == 0 or elsewhere)
        if elsewhere:
            changed |= {"room": dice.other(ROOMS, scene.room), "day": dice.other(DAYS, scene.day)}
        premise = dice.one(IN_A_ROOM if place == "room" else ON_A_DAY)
        return Example(premise.format_map(slots), statement.format_map(slots | changed), label)

    return draw_task("SciTail", seed, (n_train, n_dev, n_test), make, ("entails", "neutral"))


def _changed(
    words: Words, dice: Dice, scene: Scene, slots: dict[str, str], template: str, fits: bool
) -> dict[str, str]:
    """The category, verb and adjective of a question: all fit the scene, or one of them does not."""
    changed = {word: slots[f"{word}2"] for word in ("adjective", "verb") if dice.happens(REWORDED)}
    if fits:
        return changed
    wrong = dice.one([word for word in ("category", "verb", "adjective") if f"{{{word}}}" in template])
    if wrong == "category":
        changed["category"] = dice.other(CATEGORIES, scene.category).name
    else:
        relation = CONTRADICTION if dice.happens(0.5) else NEUTRAL
        changed[wrong] = related(words, dice, scene, slots, wrong, relation)
    return changed
