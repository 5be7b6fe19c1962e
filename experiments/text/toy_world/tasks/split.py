"""The lexicon split into training, dev and test words, drawn by the seed.

A model that is finetuned on the training words is tested on words that no labelled example had. It knows them from the
text for pretraining only, which has them all. Categories, kinds, rooms and days are in all three parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import (
    ADJECTIVES,
    AGREEMENT,
    BAD,
    CATEGORIES,
    DAYS,
    GOOD,
    HE,
    HOMOGRAPHS,
    ROOMS,
    SHE,
    VERBS,
    Category,
    Opposites,
)
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.scene import Scene
from minigrad.checks import whole_number

T = TypeVar("T")


@dataclass(frozen=True)
class Words:
    """The words of one part.

    Attributes:
        members: for each category's name, the things of it.
        qualities, actions: rows of ADJECTIVES and of VERBS.
        agreement: rows of AGREEMENT.
    """

    he: tuple[str, ...]
    she: tuple[str, ...]
    members: dict[str, tuple[str, ...]]
    qualities: tuple[Opposites, ...]
    actions: tuple[Opposites, ...]
    agreement: tuple[tuple[str, str], ...]
    good: tuple[str, ...]
    bad: tuple[str, ...]
    homographs: tuple[str, ...]

    def person(self, dice: Dice) -> str:
        """A man or a woman."""
        return dice.one(self.he if dice.happens(0.5) else self.she)

    def member(self, dice: Dice) -> str:
        """A thing of any category."""
        return dice.one(self.members[dice.one(CATEGORIES).name])

    def adjective(self, dice: Dice, besides: Opposites | None = None) -> str:
        """An adjective, of another row than `besides`."""
        return _any_word(self.qualities, besides, dice)

    def verb(self, dice: Dice, besides: Opposites | None = None) -> str:
        """A verb, of another row than `besides`."""
        return _any_word(self.actions, besides, dice)

    def scene(self, dice: Dice, person: str | None = None, category: Category | None = None) -> Scene:
        """A scene in these words; the person and the category may be given."""
        category = category or dice.one(CATEGORIES)
        return Scene(
            person or self.person(dice),
            category,
            dice.one(self.members[category.name]),
            dice.one(self.qualities),
            dice.below(2),
            dice.one(self.actions),
            dice.below(2),
            dice.one(ROOMS),
            dice.one(DAYS),
        )

    def all(self) -> set[str]:
        """Every word of this part: no other part has it."""
        return {
            *self.he,
            *self.she,
            *(member for members in self.members.values() for member in members),
            *(word for row in self.qualities + self.actions for pole in (*row.poles, row.company) for word in pole),
            *(verb for pair in self.agreement for verb in pair),
            *self.good,
            *self.bad,
            *self.homographs,
        }


def split(seed: int) -> dict[str, Words]:
    """The words of "train" (half of each class), "dev" (a quarter) and "test" (the rest).

    Raises:
        TypeError or ValueError: if seed is not a whole number of at least 0.
    """
    dice = Dice(whole_number("seed", seed, at_least=0), 3)
    he, she = _cut(HE, dice), _cut(SHE, dice)
    members = {category.name: _cut(category.members, dice) for category in CATEGORIES}
    qualities, actions, agreement = _cut(ADJECTIVES, dice), _cut(VERBS, dice), _cut(AGREEMENT, dice)
    good, bad, homographs = _cut(GOOD, dice), _cut(BAD, dice), _cut(HOMOGRAPHS, dice)
    return {
        part: Words(
            he[part],
            she[part],
            {name: of_category[part] for name, of_category in members.items()},
            qualities[part],
            actions[part],
            agreement[part],
            good[part],
            bad[part],
            homographs[part],
        )
        for part in PARTS
    }


def all_words() -> Words:
    """The words of all parts."""
    return Words(
        tuple(HE),
        tuple(SHE),
        {category.name: category.members for category in CATEGORIES},
        tuple(ADJECTIVES),
        tuple(VERBS),
        tuple(AGREEMENT),
        tuple(GOOD),
        tuple(BAD),
        tuple(HOMOGRAPHS),
    )


def _cut(words: Sequence[T], dice: Dice) -> dict[str, tuple[T, ...]]:
    """Half of the words, a quarter, and the rest."""
    mixed = tuple(dice.some(words, len(words)))
    half, three_quarters = len(words) // 2, len(words) * 3 // 4
    return {"train": mixed[:half], "dev": mixed[half:three_quarters], "test": mixed[three_quarters:]}


def _any_word(rows: tuple[Opposites, ...], besides: Opposites | None, dice: Dice) -> str:
    row = dice.one(rows) if besides is None else dice.other(rows, besides)
    return dice.one(dice.one(row.poles))
