"""How tasks draw: words dealt to the parts by the seed, and different examples of one part until there are enough."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar
from zlib import crc32

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.parts import PARTS, part_of
from minigrad.checks import whole_number

TRIES = 3000
"""Draws without a new example before a task gives up. One draw of 32 is of the test part, so bad luck is ruled out."""

T = TypeVar("T", bound=Hashable)


def one_of(name: str, value: str, choices: Sequence[str]) -> str:
    """The value.

    Raises:
        ValueError: if it is not one of the choices; `name` is the argument's.
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    return value


def dice_for(seed: int, task: str, purpose: str) -> Dice:
    """The dice of a task for one purpose: "split", or the examples of a part. No two share their numbers."""
    return Dice(whole_number("seed", seed, at_least=0), crc32(f"{task}: {purpose}".encode()))


def deal(words: Sequence[T], dice: Dice, shares: tuple[int, int, int] = (2, 1, 1)) -> dict[str, list[T]]:
    """All words in random order, dealt to "train", "dev" and "test": half and a quarter each, or in other shares."""
    shuffled = dice.some(words, len(words))
    first, second = (len(words) * sum(shares[:i]) // sum(shares) for i in (1, 2))
    return dict(zip(PARTS, (shuffled[:first], shuffled[first:second], shuffled[second:]), strict=True))


def draw(n: int, part: str, make: Callable[[int], T | None], text: Callable[[T], str]) -> list[T]:
    """`n` different examples, each with a text that belongs to the part.

    `make` gets the number of examples so far and returns another one, or None if what it drew is of no use.

    Raises:
        TypeError or ValueError: if n is not a whole number of at least 0, or there are not so many examples.
    """
    found: dict[T, None] = {}
    failures = 0
    whole_number("n", n, at_least=0)
    while len(found) < n:
        if failures == TRIES:
            raise ValueError(f"n must be at most the number of {part} examples, got {n}; only {len(found)} were found")
        example = make(len(found))
        if example is None or part_of(text(example)) != part or example in found:
            failures += 1
        else:
            found[example] = None
            failures = 0
    return list(found)
