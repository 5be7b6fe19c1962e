"""Do two texts mean the same? QQP (two questions), MRPC (two statements), and STS-B (how similar, from 0 to 5).

A pair is two wordings of one template family. A duplicate differs in synonyms only; otherwise one word has another
meaning: an antonym, a word of another row, or another noun. In both cases about as many words differ.
"""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CATEGORIES
from experiments.text.toy_world.tasks.entailment import CONTRADICTION, ENTAILMENT, NEUTRAL, other_noun, related
from experiments.text.toy_world.tasks.example import N_DEV, N_TEST, Example, Task, draw_task
from experiments.text.toy_world.tasks.split import Words

QUESTIONS = [
    ["who {verb} the {noun}?", "who was it that {verb} the {noun}?"],
    ["who has the {adjective} {noun}?", "who was it that has the {adjective} {noun}?"],
    ["when was the {noun} {adjective}?", "on which day was the {noun} {adjective}?"],
    ["where was the {noun} that {person} {verb}?", "in which room was the {noun} that {person} {verb}?"],
    ["was it a {adjective} {noun}?", "is it a {adjective} {noun}?"],
]
STATEMENTS = [
    [
        "{person} was in the {room} and {verb} a {adjective} {noun}.",
        "in the {room} {person} {verb} a {adjective} {noun}.",
    ],
    [
        "what {person} {verb} on {day} was a {adjective} {noun}.",
        "it was on {day} that {person} {verb} a {adjective} {noun}.",
    ],
    ["the {noun} that {person} {verb} was {adjective}.", "what {person} {verb} was a {adjective} {noun}."],
    ["there is a {adjective} {noun} that {person} {verb}.", "a {adjective} {noun} is what {person} {verb}."],
]
"""Families of wordings: all of one family mean the same."""

DECIDING = ["adjective", "adjective", "verb", "verb", "noun"]
ANTONYMS = 2 / 3
"""How many of the adjectives and verbs with another meaning are antonyms; the others are of another row."""
REWORDED = 0.4
"""How often a word that does not decide is replaced by its synonym."""

SHARE = {"equal": 1.0, "synonym": 1.0, "hypernym": 0.75, "antonym": 0.25, "co-hyponym": 0.5, "independent": 0.0}
WORTH = {"noun": 2.0, "adjective": 1.0, "verb": 1.0, "person": 1.0}
"""STS-B: the score is the sum over the words of what a word is worth times the share that its relation keeps."""


def qqp(seed: int, n_train: int = 7408, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """QQP: do two questions ask the same?

    Raises:
        TypeError or ValueError: if a size is not a whole number of at least 0, or more than there are examples.
    """

    def make(words: Words, dice: Dice, label: int) -> Example:
        return Example(*paraphrase(words, dice, label == 1, QUESTIONS), label)

    labels = "not_duplicate", "duplicate"
    return draw_task("QQP", seed, (n_train, n_dev, n_test), make, labels, ("f1", "accuracy"))


def mrpc(seed: int, n_train: int = 71, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """MRPC: do two statements say the same? Raises as `qqp` does."""

    def make(words: Words, dice: Dice, label: int) -> Example:
        return Example(*paraphrase(words, dice, label == 1, STATEMENTS), label)

    labels = "not_equivalent", "equivalent"
    return draw_task("MRPC", seed, (n_train, n_dev, n_test), make, labels, ("f1", "accuracy"))


def stsb(seed: int, n_train: int = 116, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """STS-B: how similar are two statements, from 0 to 5? Raises as `qqp` does."""

    def make(words: Words, dice: Dice, label: int) -> Example:
        return _scored(words, dice)

    return draw_task("STS-B", seed, (n_train, n_dev, n_test), make, (), ("spearman", "pearson"))


def paraphrase(words: Words, dice: Dice, same: bool, families: list[list[str]]) -> tuple[str, str]:
    """Two texts of one family that mean the same, or do not."""
    scene = words.scene(dice)
    slots = scene.slots(dice)
    level = "member" if dice.happens(0.5) else "category"
    slots["noun"] = slots[level]
    changed = {word: slots[f"{word}2"] for word in ("adjective", "verb") if dice.happens(REWORDED)}
    family = dice.one(families)
    decides = dice.one([word for word in (DECIDING[:4] if same else DECIDING) if f"{{{word}}}" in family[0]])
    if decides == "noun":
        changed["noun"] = other_noun(words, scene, level, dice)
    else:
        relation = ENTAILMENT if same else CONTRADICTION if dice.happens(ANTONYMS) else NEUTRAL
        changed[decides] = related(words, dice, scene, slots, decides, relation)
    return dice.one(family).format_map(slots), dice.one(family).format_map(slots | changed)


def _scored(words: Words, dice: Dice) -> Example:
    """Two statements and their score."""
    scene = words.scene(dice)
    slots = scene.slots(dice)
    slots["noun"] = scene.member
    relation = {
        "noun": dice.one(["equal", "hypernym", "co-hyponym", "independent"]),
        "adjective": dice.one(["equal", "synonym", "antonym", "independent"]),
        "verb": dice.one(["equal", "synonym", "antonym", "independent"]),
        "person": "equal" if dice.happens(0.7) else "independent",
    }
    other = {
        "noun": {
            "equal": scene.member,
            "hypernym": scene.category.name,
            "co-hyponym": dice.other(words.members[scene.category.name], scene.member),
            "independent": dice.one(words.members[dice.other(CATEGORIES, scene.category).name]),
        },
        "adjective": {
            "equal": slots["adjective"],
            "synonym": slots["adjective2"],
            "antonym": slots["opposite"],
            "independent": words.adjective(dice, scene.quality),
        },
        "verb": {
            "equal": slots["verb"],
            "synonym": slots["verb2"],
            "antonym": slots["opposite_verb"],
            "independent": words.verb(dice, scene.action),
        },
        "person": {"equal": scene.person, "independent": words.person(dice)},
    }
    changed = {word: other[word][relation[word]] for word in WORTH}
    if changed["person"] == scene.person:
        relation["person"] = "equal"
    family = dice.one(STATEMENTS)
    texts = dice.one(family).format_map(slots), dice.one(family).format_map(slots | changed)
    return Example(*texts, sum(WORTH[word] * SHARE[relation[word]] for word in WORTH))
