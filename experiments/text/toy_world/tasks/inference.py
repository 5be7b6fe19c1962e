"""Natural language inference: does the first text entail the second, contradict it, or neither?

Both texts speak of the same event, as in SNLI. So what is small is not big (contradiction), and whether what is big is
quick is not known (neutral). The relation of two words decides, and it is known by construction: a synonym or a
hypernym entails, an antonym or a thing of another class contradicts, an adjective or verb of another row is neutral.
Behind "not" and "never", antonyms entail and synonyms contradict.

Whatever the label, the frames of the two sentences, the level of the noun (poodle, dog, creature) and the number of
words that differ are drawn in the same way, so that neither sentence alone tells the label, nor does their overlap.
"""

from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CATEGORIES, HE, plural
from experiments.text.toy_world.scene import Scene
from experiments.text.toy_world.tasks.example import N_DEV, N_TEST, Example, Task, draw_task
from experiments.text.toy_world.tasks.split import Words

LABELS = ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"
NOT_ENTAILMENT = "not_entailment"

NEGATED = {"not {adjective}": "adjective", "no {noun}": "adjective", "never {verb}": "verb"}
"""How a hypothesis shows that a word is negated."""
NEGATED_SHARE = 0.12
REWORDED = 0.1
"""How often a word that does not decide is replaced by its synonym."""
LEVELS = ("member", "member", "category")
"""How a hypothesis calls the thing: a poodle or a dog, whatever the label, so that this does not tell it."""


@dataclass(frozen=True)
class Frames:
    """Templates of premises, of hypotheses that go with each of them, and of negated hypotheses."""

    premises: tuple[str, ...]
    hypotheses: tuple[str, ...]
    negated: tuple[str, ...]


ACTIONS = Frames(
    (
        "{person} {verb} a {adjective} {member}.",
        "{person} {verb} a {adjective} {member} in the {room}.",
        "on {day} {person} {verb} a {adjective} {member}.",
        "in the {room} {person} {verb} a {adjective} {member} on {day}.",
    ),
    ("{person} {verb} a {adjective} {noun}.", "{person} {verb} a {noun}.", "the {noun} was {adjective}."),
    ("the {noun} was not {adjective}.", "{person} never {verb} that {noun}."),
)
PLACES = Frames(
    ("there is a {adjective} {member} in the {room}.", "a {adjective} {member} is in the {room}."),
    ("there is a {adjective} {noun} in the {room}.", "the {noun} in the {room} is {adjective}."),
    ("the {noun} in the {room} is not {adjective}.",),
)
OWNERS = Frames(
    ("the {member} of {person} is {adjective}.", "{person} has a {adjective} {member}."),
    ("a {adjective} {noun} belongs to {person}.", "the {noun} that belongs to {person} is {adjective}."),
    ("the {noun} of {person} is not {adjective}.",),
)
CLEFTS = Frames(
    ("it was a {adjective} {member} that {person} {verb}.", "the {member} that {person} {verb} was {adjective}."),
    ("what {person} {verb} was a {adjective} {noun}.", "the {noun} that {person} {verb} is {adjective}."),
    ("the {noun} that {person} {verb} is not {adjective}.",),
)
SCENES = Frames(
    (
        "there is a {adjective} {member} in the {room}.",
        "in the {room} there is a {adjective} {member}.",
        "on {day} there was a {adjective} {member} in the {room}.",
        "{person} is in the {room} with a {adjective} {member}.",
    ),
    ("there is a {adjective} {noun}.", "a {noun} is {adjective}.", "a {adjective} {noun} is in the {room}."),
    ("no {noun} in the {room} is {adjective}.",),
)
REPORTS = Frames(
    (
        "on {day} {person} was in the {room}. {he} {verb} a {adjective} {member}.",
        "{person} {verb} a {member} on {day}. the {member} was in the {room} and it was {adjective}.",
        "there is a {adjective} {member} in the {room}. on {day} {person} {verb} it.",
        "the {member} of {person} is {adjective}. {he} {verb} it in the {room}.",
    ),
    ("{person} {verb} a {adjective} {noun}.", "{person} {verb} a {noun}.", "what {person} {verb} is {adjective}."),
    ("the {noun} that {person} {verb} is not {adjective}.", "{person} never {verb} that {noun}."),
)
MATCHED, MISMATCHED = (ACTIONS,), (PLACES, OWNERS, CLEFTS)


def mnli(seed: int, n_train: int = 8000, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """MNLI: three labels. The test set "mismatched" has other frames than the training examples.

    Raises:
        TypeError or ValueError: if a size is not a whole number of at least 0, or more than there are examples.
    """
    sizes = n_train, n_dev, n_test

    def mismatched(words: Words, dice: Dice, label: int) -> Example:
        return Example(*pair(words, dice, LABELS[label], dice.one(MISMATCHED)), label)

    return draw_task("MNLI", seed, sizes, _matched, LABELS, further={"mismatched": mismatched})


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


def _matched(words: Words, dice: Dice, label: int) -> Example:
    return Example(*pair(words, dice, LABELS[label], dice.one(MATCHED)), label)


def pair(words: Words, dice: Dice, relation: str, frames: Frames) -> tuple[str, str]:
    """A premise and a hypothesis; `relation` is "entailment", "neutral" or "contradiction".

    Besides a scene's slots, a premise may have `categories`, and `person2`, who is of the other sex.
    """
    scene = words.scene(dice)
    slots = scene.slots(dice)
    slots |= {
        "categories": plural(scene.category.name),
        "person2": dice.one(words.she if scene.person in HE else words.he),
    }
    hypothesis = dice.one(frames.negated if dice.happens(NEGATED_SHARE) else frames.hypotheses)
    changed = _changed(words, dice, relation, scene, slots, hypothesis)
    return dice.one(frames.premises).format_map(slots), hypothesis.format_map(slots | changed)


def _changed(
    words: Words, dice: Dice, relation: str, scene: Scene, slots: dict[str, str], hypothesis: str
) -> dict[str, str]:
    """The noun, adjective and verb of a hypothesis: one of them decides the relation, all others are entailed."""
    level = dice.one(LEVELS)
    negated = next((word for sign, word in NEGATED.items() if sign in hypothesis), None)
    deciding = [negated] if negated else [word for word in ("adjective", "verb") if f"{{{word}}}" in hypothesis]
    noun_can = relation == CONTRADICTION or (relation == ENTAILMENT and level != "member")
    if noun_can and not negated and "{noun}" in hypothesis:
        deciding.append("noun")
    decides = dice.one(deciding)
    changed = {word: slots[f"{word}2"] for word in ("adjective", "verb") if dice.happens(REWORDED)}
    changed["noun"] = slots[level]
    if decides != "noun":
        changed[decides] = related(words, dice, scene, slots, decides, relation, negated is not None)
    elif relation == CONTRADICTION:
        changed["noun"] = other_noun(words, scene, level, dice)
    return changed


def related(
    words: Words, dice: Dice, scene: Scene, slots: dict[str, str], word: str, relation: str, negated: bool = False
) -> str:
    """An adjective or verb (`word` says which) in a relation to the scene's, which is negated or not."""
    if relation == NEUTRAL:
        return words.adjective(dice, scene.quality) if word == "adjective" else words.verb(dice, scene.action)
    if (relation == ENTAILMENT) != negated:
        return slots[f"{word}2"]
    return slots["opposite" if word == "adjective" else "opposite_verb"]


def other_noun(words: Words, scene: Scene, level: str, dice: Dice) -> str:
    """A noun of the same level that the thing is not: another member, another category, another kind."""
    if level == "member":
        return dice.other(words.members[scene.category.name], scene.member)
    if level == "category":
        return dice.other(CATEGORIES, scene.category).name
    return dice.one([category for category in CATEGORIES if category.kind != scene.category.kind]).kind
