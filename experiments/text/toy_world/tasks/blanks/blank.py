"""A text with a blank in it, and how blanks are drawn."""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.genres.encyclopedia import Facts
from experiments.text.toy_world.parts import PARTS, part_of
from experiments.text.toy_world.tasks.drawing import one_of
from experiments.text.toy_world.world import World
from minigrad.checks import whole_number

MOST_CHOICES = 8
TRIES = 10_000
"""A blank's text is of the wanted part in one of 32 draws."""


@dataclass(frozen=True)
class Blank:
    """A text before the blank and one after it, and the words that could fill it, the right one first."""

    before: str
    after: str
    choices: tuple[str, ...]

    def filled(self, word: str) -> str:
        """The whole text with a word in the blank; a mark such as "." or "," follows without a space."""
        after = self.after if self.after[:1] in ".,?" else f" {self.after}"
        return f"{self.before} {word}{after}".strip()


Maker = Callable[[Facts, Dice], Blank]
"""The facts of a world → a blank."""


def blanks(world: World, kind: Maker, n: int, part: str = "test", states_a_fact: bool = False) -> list[Blank]:
    """`n` blanks of a kind whose texts, correctly filled in, are of a part: "test", "dev" or "train".

    Args:
        states_a_fact: whether the text is a single fact. These are in documents, all of them, for where else could a
            model have learnt them? So the part is not asked for.

    Raises:
        TypeError or ValueError: if n is not a whole number of at least 0, or part none of PARTS; or if no text of the
            kind is of that part.
    """
    whole_number("n", n, at_least=0)
    one_of("part", part, PARTS)
    dice = Dice(world.seed, 2, *map(ord, f"{kind.__module__[-5:]}{kind.__name__}{part}"))
    return [_draw(world, kind, part, dice, states_a_fact) for _ in range(n)]


def _draw(world: World, kind: Maker, part: str, dice: Dice, states_a_fact: bool) -> Blank:
    for _ in range(TRIES):
        blank = kind(world.facts, dice)
        if states_a_fact or part_of(blank.filled(blank.choices[0])) == part:
            return blank
    raise ValueError(f"part must be one that texts of this kind have, got {part!r}")


def among(right: str, words: list[str], dice: Dice) -> tuple[str, ...]:
    """The right word, and at most seven others."""
    others = [word for word in words if word != right]
    return right, *dice.some(others, min(MOST_CHOICES - 1, len(others)))
