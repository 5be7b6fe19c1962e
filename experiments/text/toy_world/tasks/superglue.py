"""Five tasks like SuperGLUE's: BoolQ, CB, COPA, WiC, and WSC."""

from collections.abc import Callable

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import HE, ROOMS, THINGS, pronouns
from experiments.text.toy_world.tasks.entailment import CONTRADICTION, LABELS, Frames, other_noun, pair, related
from experiments.text.toy_world.tasks.example import N_DEV, N_TEST, Example, Task, draw_task
from experiments.text.toy_world.tasks.glue import train_sizes
from experiments.text.toy_world.tasks.split import Words

THOUSANDS = {"BoolQ": 9.4, "CB": 0.25, "COPA": 0.4, "WiC": 5.4, "WSC": 0.55}
"""The sizes of SuperGLUE's training sets, in thousands. Source: Wang et al. 2019, table 1."""

PASSAGES = [
    "{person} {verb} a {adjective} {member} in the {room}. {other} went to the {room2}.",
    "{other} is in the {room2}. on {day} {person} {verb} a {member}. the {member} was {adjective}.",
    "there is a {adjective} {member} in the {room}. {person} {verb} it on {day}. {other} is in the {room2}.",
    "{other} walked into the {room2}. the {member} of {person} is {adjective}. {he} {verb} it.",
]
QUESTIONS = [
    "is the {category} {adjective}?",
    "is it a {adjective} {category} that {person} {verb}?",
    "was it a {noun} that {person} {verb}?",
    "was it {person} that {verb} the {noun}?",
]
WALKS = [
    "{person} went to the {room}. {he} took the {thing}. {person} walked into the {room2}.",
    "{person} is in the {room}. {person} picked up the {thing}. {he} went to the {room2}.",
]
WHERE = ["is the {thing} in the {room}?", "is {person} in the {room}?"]

DIALOGUES = Frames(
    (
        "{person}: i {verb} a {adjective} {noun}. {person2}: where is it? {person}: in the {room}.",
        "{person2}: do you like {categories}? {person}: on {day} i {verb} a {adjective} {noun}.",
        "{person2}: who {verb} the {adjective} {noun}? {person}: it was me, {person}.",
        "{person}: i {verb} a {noun}. it was in the {room}. {person2}: was it {adjective}? {person}: yes.",
    ),
    {
        "noun": ("{person} {verb} a {noun}.", "what {person} {verb} is a {noun}."),
        "adjective": ("{person} {verb} a {adjective} {noun}.", "what {person} {verb} is {adjective}."),
        "verb": ("{person} {verb} it.", "{person} {verb} a {noun}."),
    },
    {
        "noun": ("what {person} {verb} is not a {noun}.",),
        "adjective": ("the {noun} that {person} {verb} is not {adjective}.",),
        "verb": ("{person} never {verb} that {noun}.",),
    },
)

CONTINUATIONS = [
    ("{person} {verb} the {member}.", "{he} {reaction}.", "{he} {wrong_reaction}."),
    ("the {member} of {person} is {adjective}.", "it {company}.", "it {wrong_company}."),
    ("{person} {reaction}.", "{he} {verb} the {member}.", "{he} {opposite_verb} the {member}."),
    ("the {member} of {person} {company}.", "it was {adjective}.", "it was {opposite}."),
]
"""A premise, what follows from it or what led to it, and what does not."""

NOUNS = [
    "a {homograph} is in the {room}.",
    "{person} {verb} that {homograph}.",
    "on {day} {person} {verb} the {adjective} {homograph}.",
    "they {verb} a {homograph} and the {member}.",
    "we {verb} the {homograph} of {person}.",
]
USED_AS_VERBS = [
    "{person} and i {homograph} the {adjective} {member}.",
    "they {homograph} a {member} on {day}.",
    "we {homograph} that {member} in the {room}.",
    "{person} will {homograph} it.",
    "do not {homograph} the {member} of {person}.",
]

PAIRS_OF_PEOPLE = [
    "{did} and {did2}. {he} {reaction}.",
    "on {day} {did} but {did2}. {he} {reaction}.",
    "{did}. in the {room} {did2}. {he} {reaction}.",
    "there was a {category} in the {room}. {did} and {did2}. {he} {reaction}.",
]
"""`did` and `did2` say what each of the two did."""


def boolq(seed: int, n_train: int = 192, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """BoolQ: a passage and a question with the answer no or yes.

    Raises:
        TypeError or ValueError: if a size is not a whole number of at least 0, or more than there are examples.
    """

    def make(words: Words, dice: Dice, label: int) -> Example:
        return Example(*(_walk if dice.happens(0.3) else _passage)(words, dice, label == 1), label)

    return draw_task("BoolQ", seed, (n_train, n_dev, n_test), make, ("no", "yes"))


def cb(seed: int, n_train: int = 50, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """CB: what somebody said in a dialogue, and a statement: three labels. Raises as `boolq` does."""

    def make(words: Words, dice: Dice, label: int) -> Example:
        return Example(*pair(words, dice, LABELS[label], DIALOGUES), label)

    return draw_task("CB", seed, (n_train, n_dev, n_test), make, LABELS)


def copa(seed: int, n_train: int = 50, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """COPA: a premise and two sentences, one of which is its effect or its cause. Raises as `boolq` does."""

    def make(words: Words, dice: Dice, label: int) -> Example:
        scene = words.scene(dice)
        slots = scene.slots(dice)
        slots["wrong_reaction"] = scene.action.company[1 - scene.action_pole]
        slots["wrong_company"] = scene.quality.company[1 - scene.quality_pole]
        premise, right, wrong = (template.format_map(slots) for template in dice.one(CONTINUATIONS))
        return Example(premise, f"{wrong} {right}" if label else f"{right} {wrong}", label)

    return draw_task("COPA", seed, (n_train, n_dev, n_test), make, ("first", "second"))


def wic(seed: int, n_train: int = 110, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """WiC: two sentences with one homograph: is it a noun in both, or a verb in both? Raises as `boolq` does."""

    def make(words: Words, dice: Dice, label: int) -> Example:
        homograph = dice.one(words.homographs)
        own, another = (NOUNS, USED_AS_VERBS) if dice.happens(0.5) else (USED_AS_VERBS, NOUNS)
        frame, same = dice.some(own, 2)
        frames = frame, same if label else dice.one(another)
        first, second = (frame.format(**words.scene(dice).slots(dice), homograph=homograph) for frame in frames)
        return Example(first, second, label)

    return draw_task("WiC", seed, (n_train, n_dev, n_test), make, ("different", "same"))


def wsc(seed: int, n_train: int = 50, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """WSC: to whom does a pronoun refer? Two people did opposite things, and what "he" or "she" did next fits one.

    In half of the texts the two are a man and a woman. Raises as `boolq` does.
    """

    def make(words: Words, dice: Dice, label: int) -> Example:
        scene = words.scene(dice)
        slots = scene.slots(dice)
        same_sex = words.he if scene.person in HE else words.she
        other_sex = words.she if scene.person in HE else words.he
        other = dice.other(same_sex if dice.happens(0.5) else other_sex, scene.person)
        did = [
            f"{scene.person} {slots['verb']} a {scene.member}",
            f"{other} {slots['opposite_verb']} a {words.member(dice)}",
        ]
        slots["did"], slots["did2"] = dice.some(did, 2)
        who = scene.person if label else other
        return Example(dice.one(PAIRS_OF_PEOPLE).format_map(slots), f"{who} {slots['reaction']}.", label)

    return draw_task("WSC", seed, (n_train, n_dev, n_test), make, ("false", "true"))


TASKS: dict[str, Callable[[int, int, int, int], Task]] = {
    "BoolQ": boolq,
    "CB": cb,
    "COPA": copa,
    "WiC": wic,
    "WSC": wsc,
}


def superglue(seed: int, mnli: int = 8000, n_dev: int = N_DEV, n_test: int = N_TEST) -> dict[str, Task]:
    """The five tasks by name, with training sets in the proportions of GLUE's and at least 50 examples.

    Raises:
        TypeError or ValueError: if a size is not a whole number of at least 0, or more than there are examples.
    """
    return {name: TASKS[name](seed, n, n_dev, n_test) for name, n in train_sizes(mnli, thousands=THOUSANDS).items()}


def _passage(words: Words, dice: Dice, right: bool) -> tuple[str, str]:
    """A passage about somebody and a thing, with a sentence about another person, and a question."""
    scene = words.scene(dice)
    slots = scene.slots(dice)
    slots |= {"other": dice.other(words.he + words.she, scene.person), "room2": dice.other(ROOMS, scene.room)}
    question = dice.one(QUESTIONS)
    level = dice.one(["member", "category", "kind"])
    asked = {"noun": slots[level], "adjective": slots["adjective2"], "verb": slots["verb2"]}
    if not right:
        wrong = dice.one([word for word in ("adjective", "verb", "noun") if f"{{{word}}}" in question])
        if wrong == "noun":
            asked["noun"] = other_noun(words, scene, level, dice)
        else:
            asked[wrong] = related(words, dice, scene, slots, wrong, CONTRADICTION)
    return dice.one(PASSAGES).format_map(slots), question.format_map(slots | asked)


def _walk(words: Words, dice: Dice, right: bool) -> tuple[str, str]:
    """Somebody takes a thing from one room to another; is it, or are they, in the first or in the second?"""
    person, rooms, thing = words.person(dice), dice.some(ROOMS, 2), dice.one(THINGS)
    slots = {"person": person, "he": pronouns(person)[0], "thing": thing, "room": rooms[0], "room2": rooms[1]}
    question = dice.one(WHERE).format(person=person, thing=thing, room=rooms[1 if right else 0])
    return dice.one(WALKS).format_map(slots), question
