"""Judgements of single sentences: SST-2 (did the reviewer like it?) and CoLA (is the sentence grammatical?)."""

from collections.abc import Callable

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import ASPECTS, DAYS, ROOMS, WORKS, plural, pronouns
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.example import N_DEV, N_TEST, Example, Task, draw_task
from experiments.text.toy_world.tasks.split import Words, all_words

REVIEWS = [
    "the {aspect2} of the {work} was {own} and the {aspect} was {own2}.",
    "{person} saw a very {own} {work} and the {aspect} was {own2}.",
    "it is a very {own} {work} and the {aspect2} and the {aspect} are {own2}.",
    "the {aspect2} of the {work} was {opposite} but the {aspect} was {own}.",
    "the {aspect} was {opposite}, but {person} saw a very {own} {work}.",
    "{own} {aspect2}, {opposite} {aspect3} and {own2} {aspect} in one {work}.",
    "the {aspect2} of the {work} was not {opposite} and the {aspect} was not {opposite2}.",
    "{person} saw a {work} that was not {opposite}.",
    "the {aspect2} was not {opposite} and the {aspect} of the {work} was {own}.",
    "the {aspect2} of the {work} was {opposite} but the {aspect} was not {opposite2}.",
]
"""What follows "but" counts; of three judgements, the majority. Aspects come in an order that reviews never use, and
some judgements are negated, as in no review."""


ACCEPTABILITY = ("unacceptable", "acceptable")


IMPORTANT = tuple(ASPECTS[::2])
"""If two judgements differ and no "but" says which counts, that of an important aspect does: the plot's, not the
acting's. What is important is known from labelled examples only."""
MIXED = [
    "the {aspect2} of the {work} was {second} and the {aspect} was {first}.",
    "the {aspect2} was {second} and the {aspect} of the {work} was {first}, {person}.",
    "it is a {work} with a very {second} {aspect2} and a very {first} {aspect}.",
]
MIXED_SHARE = 0.4


def sst2(seed: int, n_train: int = 1367, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """SST-2: the sentiment of a sentence.

    Raises:
        TypeError or ValueError: if a size is not a whole number of at least 0, or more than there are examples.
    """
    return draw_task("SST-2", seed, (n_train, n_dev, n_test), _review, ("negative", "positive"))


def cola(seed: int, n_train: int = 173, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """CoLA: a grammatical sentence, or one with one fault. Raises as `sst2` does."""
    return draw_task("CoLA", seed, (n_train, n_dev, n_test), _judgement, ACCEPTABILITY, ("matthews", "accuracy"))


def cola_of_all_words(seed: int, n_train: int, n_dev: int = N_DEV, n_test: int = N_TEST) -> Task:
    """The same with all words in all sets: few labelled sentences have few of them, and many have all.

    Raises as `sst2` does.
    """
    sizes, words = (n_train, n_dev, n_test), dict.fromkeys(PARTS, all_words())
    return draw_task("CoLA, all words", seed, sizes, _judgement, ACCEPTABILITY, words=words)


def _judgement(words: Words, dice: Dice, label: int) -> Example:
    return Example(dice.one(SENTENCES)(words, dice, label == 1), None, label)


def _review(words: Words, dice: Dice, label: int) -> Example:
    return _mixed(words, dice, label) if dice.happens(MIXED_SHARE) else _plain(words, dice, label)


def _mixed(words: Words, dice: Dice, label: int) -> Example:
    """An important and an unimportant aspect are judged differently."""
    own, opposite = (words.good, words.bad) if label else (words.bad, words.good)
    important, other = dice.below(len(IMPORTANT)) * 2, dice.below(len(ASPECTS) // 2) * 2 + 1
    judged = {important: dice.one(own), other: dice.one(opposite)}
    first, second = sorted(judged)
    text = dice.one(MIXED).format(
        aspect=ASPECTS[first],
        aspect2=ASPECTS[second],
        first=judged[first],
        second=judged[second],
        work=dice.one(WORKS),
        person=words.person(dice),
    )
    return Example(text, None, label)


def _plain(words: Words, dice: Dice, label: int) -> Example:
    own, opposite = (words.good, words.bad) if label else (words.bad, words.good)
    first, second, third = sorted(dice.some(range(len(ASPECTS)), 3))
    (own1, own2), (opposite1, opposite2) = dice.some(own, 2), dice.some(opposite, 2)
    text = dice.one(REVIEWS).format(
        aspect=ASPECTS[first],
        aspect3=ASPECTS[second],
        aspect2=ASPECTS[third],
        work=dice.one(WORKS),
        person=words.person(dice),
        own=own1,
        own2=own2,
        opposite=opposite1,
        opposite2=opposite2,
    )
    return Example(text, None, label)


def agreement(words: Words, dice: Dice, right: bool) -> str:
    """The number of a verb across another noun. The fault: the verb has the other number."""
    several, verbs = dice.below(2), dice.one(words.agreement)
    noun, other = words.member(dice), words.member(dice)
    return dice.one(
        [
            "the {noun} near the {other} {agrees} {adjective}.",
            "the {noun} that {person} {verb} {agrees} {adjective}.",
            "the {noun} in the {room} near the {other} {agrees} {adjective}.",
        ]
    ).format(
        noun=plural(noun) if several else noun,
        other=plural(other) if dice.happens(0.5) else other,
        agrees=verbs[several if right else 1 - several],
        adjective=words.adjective(dice),
        person=words.person(dice),
        verb=words.verb(dice),
        room=dice.one(ROOMS),
    )


def determiner(words: Words, dice: Dice, right: bool) -> str:
    """The number of a noun behind "this" or "these". The fault: the noun has the other number."""
    several, member = dice.below(2), words.member(dice)
    return dice.one(
        [
            "{person} {verb} {this} {adjective} {noun}.",
            "on {day} {person} {verb} {this} {noun}.",
            "{person} saw {this} {adjective} {noun} in the {room}.",
        ]
    ).format(
        this="these" if several else "this",
        noun=plural(member) if bool(several) == right else member,
        person=words.person(dice),
        verb=words.verb(dice),
        adjective=words.adjective(dice),
        day=dice.one(DAYS),
        room=dice.one(ROOMS),
    )


def pronoun(words: Words, dice: Dice, right: bool) -> str:
    """A reflexive, or the case of a pronoun. The fault: the other gender, or the other case."""
    person = words.person(dice)
    he, _, him, himself = pronouns(person)
    other = "herself" if himself == "himself" else "himself"
    slots = {"person": person, "member": words.member(dice), "room": dice.one(ROOMS), "verb": words.verb(dice)}
    template, good, bad = dice.one(
        [
            ("{person} saw {pronoun} in the {room} near the {member}.", himself, other),
            ("{person} {verb} the {member} and saw {pronoun} in the mirror.", himself, other),
            ("{person} went to the {room} because {pronoun} {verb} the {member}.", he, him),
            ("{person} asked us to help {pronoun} in the {room}.", him, he),
        ]
    )
    return template.format(**slots, pronoun=good if right else bad)


def word_order(words: Words, dice: Dice, right: bool) -> str:
    """A plain statement. The fault: two neighbours are swapped."""
    slots = words.scene(dice).slots(dice)
    template, places = dice.one(
        [
            ("{person} {verb} a {adjective} {member} .", (1, 2, 3)),
            ("{person} {verb} the {adjective} {member} in the {room} .", (1, 2, 3, 4, 5)),
            ("on {day} {person} {verb} a {adjective} {member} .", (0, 3, 4, 5)),
            ("there is a {adjective} {member} in the {room} .", (1, 2, 3, 4, 5)),
        ]
    )
    found = template.format_map(slots).split()
    if not right:
        place = dice.one(places)
        found[place : place + 2] = found[place + 1], found[place]
    return " ".join(found[:-1]) + found[-1]


SENTENCES: list[Callable[[Words, Dice, bool], str]] = [agreement, determiner, pronoun, word_order]
