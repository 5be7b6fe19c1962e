"""Natural language inference: does the first text entail the second, contradict it, or neither?

MNLI   events and reviews; its mismatched test set has other frames
SNLI   descriptions of scenes
RTE    reports of one or two sentences, two labels, few training examples

`entailment.py` says which relation of two words decides about an event. What a review says of one aspect tells nothing
of another (neutral); of the same aspect, the sentiment decides.
"""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import ASPECTS, WORKS
from experiments.text.toy_world.tasks.entailment import (
    CONTRADICTION,
    ENTAILMENT,
    LABELS,
    NEUTRAL,
    NOT_ENTAILMENT,
    Frames,
    pair,
)
from experiments.text.toy_world.tasks.example import N_DEV, N_TEST, Example, Task, draw_task
from experiments.text.toy_world.tasks.split import Words

ACTIONS = Frames(
    (
        "{person} {verb} a {adjective} {noun}.",
        "{person} {verb} a {adjective} {noun} in the {room}.",
        "on {day} {person} {verb} a {adjective} {noun}.",
        "in the {room} {person} {verb} a {adjective} {noun} on {day}.",
    ),
    {
        "noun": ("it was a {noun}.", "it was a {noun}.", "{person} {verb} a {noun}."),
        "adjective": ("it was {adjective}.", "it was {adjective}.", "the {noun} was {adjective}."),
        "verb": ("{person} {verb} it.", "{person} {verb} it.", "{person} {verb} a {noun}."),
    },
    {
        "noun": ("it was not a {noun}.",),
        "adjective": ("it was not {adjective}.", "the {noun} was not {adjective}."),
        "verb": ("{person} never {verb} it.", "{person} never {verb} that {noun}."),
    },
)
PLACES = Frames(
    ("there is a {adjective} {noun} in the {room}.", "a {adjective} {noun} is in the {room}."),
    {
        "noun": ("a {noun} is there.", "a {noun} is there.", "what is in the {room} is a {noun}."),
        "adjective": ("the {noun} in the {room} is {adjective}.", "what is in the {room} is {adjective}."),
    },
    {
        "noun": ("what is in the {room} is not a {noun}.",),
        "adjective": ("the {noun} in the {room} is not {adjective}.",),
    },
)
OWNERS = Frames(
    ("the {noun} of {person} is {adjective}.", "{person} has a {adjective} {noun}."),
    {
        "noun": ("a {noun} belongs to {person}.", "what belongs to {person} is a {noun}."),
        "adjective": (
            "the {noun} that belongs to {person} is {adjective}.",
            "what belongs to {person} is {adjective}.",
        ),
    },
    {
        "noun": ("what belongs to {person} is not a {noun}.",),
        "adjective": ("what belongs to {person} is not {adjective}.",),
    },
)
CLEFTS = Frames(
    ("it was a {adjective} {noun} that {person} {verb}.", "the {noun} that {person} {verb} was {adjective}."),
    {
        "noun": ("what {person} {verb} was a {noun}.",),
        "adjective": ("what {person} {verb} was {adjective}.", "the {noun} that {person} {verb} is {adjective}."),
        "verb": ("it was {person} that {verb} it.", "it was {person} that {verb} the {noun}."),
    },
    {
        "noun": ("what {person} {verb} was not a {noun}.",),
        "adjective": ("what {person} {verb} was not {adjective}.",),
        "verb": ("it was {person} that never {verb} it.",),
    },
)
SCENES = Frames(
    (
        "there is a {adjective} {noun} in the {room}.",
        "in the {room} there is a {adjective} {noun}.",
        "on {day} there was a {adjective} {noun} in the {room}.",
        "{person} is in the {room} with a {adjective} {noun}.",
    ),
    {
        "noun": ("there is a {noun}.", "a {noun} is in the {room}."),
        "adjective": ("a {noun} is {adjective}.", "there is a {adjective} {noun}.", "the {noun} is {adjective}."),
    },
    {
        "noun": ("it is not a {noun}.",),
        "adjective": ("the {noun} is not {adjective}.",),
    },
)
REPORTS = Frames(
    (
        "on {day} {person} was in the {room}. {he} {verb} a {adjective} {noun}.",
        "{person} {verb} a {noun} on {day}. the {noun} was in the {room} and it was {adjective}.",
        "there is a {adjective} {noun} in the {room}. on {day} {person} {verb} it.",
        "the {noun} of {person} is {adjective}. {he} {verb} it in the {room}.",
    ),
    {
        "noun": ("what {person} {verb} is a {noun}.", "{person} {verb} a {noun}."),
        "adjective": ("what {person} {verb} is {adjective}.", "{person} {verb} a {adjective} {noun}."),
        "verb": ("{person} {verb} it.", "{person} {verb} a {noun}."),
    },
    {
        "noun": ("what {person} {verb} is not a {noun}.",),
        "adjective": ("the {noun} that {person} {verb} is not {adjective}.",),
        "verb": ("{person} never {verb} that {noun}.",),
    },
)
MATCHED, MISMATCHED = (ACTIONS, OWNERS), (PLACES, CLEFTS)

REVIEW_SHARE = 0.2
REVIEWS = (
    ("{person} saw a {work} with a very {own} {aspect}.", "the {aspect} of the {work} was {own}, {person}."),
    ("the {about} was {said}.", "the {about} of the {work} was {said}."),
)
"""Premises and hypotheses."""
OTHER_REVIEWS = (
    ("{own} {aspect} in one {work}.", "{person} saw the {own} {aspect} of that {work}."),
    ("that {about} is {said}.", "the {said} {about} of that {work}."),
)


def mnli(seed: int, n_train: int = 8000, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """MNLI: three labels. The test set "mismatched" has other frames than the training examples.

    Raises:
        TypeError or ValueError: if a size is not a whole number of at least 0, or more than there are examples.
    """
    sizes = n_train, n_dev, n_test

    def matched(words: Words, dice: Dice, label: int) -> Example:
        if dice.happens(REVIEW_SHARE):
            return Example(*opinions(words, dice, LABELS[label], *REVIEWS), label)
        return Example(*pair(words, dice, LABELS[label], dice.one(MATCHED)), label)

    def mismatched(words: Words, dice: Dice, label: int) -> Example:
        if dice.happens(REVIEW_SHARE):
            return Example(*opinions(words, dice, LABELS[label], *OTHER_REVIEWS), label)
        return Example(*pair(words, dice, LABELS[label], dice.one(MISMATCHED)), label)

    return draw_task("MNLI", seed, sizes, matched, LABELS, further={"mismatched": mismatched})


def snli(seed: int, n_train: int = 11204, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """SNLI: three labels; the premise describes a scene. Raises as `mnli` does."""

    def make(words: Words, dice: Dice, label: int) -> Example:
        return Example(*pair(words, dice, LABELS[label], SCENES), label)

    return draw_task("SNLI", seed, (n_train, n_dev, n_test), make, LABELS)


def rte(seed: int, n_train: int = 51, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """RTE: entailment or not (half of these are neutral); premises of one or two sentences. Raises as `mnli` does."""

    def make(words: Words, dice: Dice, label: int) -> Example:
        relation = ENTAILMENT if label == 0 else dice.one((NEUTRAL, CONTRADICTION))
        return Example(*pair(words, dice, relation, REPORTS), label)

    return draw_task("RTE", seed, (n_train, n_dev, n_test), make, (ENTAILMENT, NOT_ENTAILMENT))


def opinions(
    words: Words, dice: Dice, relation: str, premises: tuple[str, ...], hypotheses: tuple[str, ...]
) -> tuple[str, str]:
    """What a review says of an aspect, and a sentence with another adjective of the same or of the other sentiment."""
    own, opposite = (words.good, words.bad) if dice.happens(0.5) else (words.bad, words.good)
    aspect, other_aspect = dice.some(ASPECTS, 2)
    first, same = dice.some(own, 2)
    agrees = relation == ENTAILMENT or (relation == NEUTRAL and dice.happens(0.5))
    slots = {
        "person": words.person(dice),
        "work": dice.one(WORKS),
        "aspect": aspect,
        "own": first,
        "about": other_aspect if relation == NEUTRAL else aspect,
        "said": same if agrees else dice.one(opposite),
    }
    return dice.one(premises).format_map(slots), dice.one(hypotheses).format_map(slots)
