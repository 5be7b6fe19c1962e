"""Random choices, drawn many at a time: writing text takes millions of them.

A call of a NumPy Generator takes a microsecond or two, which is longer than what is done with the number. So uniform
numbers are drawn in blocks, and every choice below uses one of them.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np

from minigrad.checks import whole_number

BLOCK = 1 << 14
T = TypeVar("T")


class Dice:
    """Choices that depend only on the seed, a sequence of whole numbers of at least 0.

    Raises:
        TypeError or ValueError: if the seed holds anything else.
    """

    def __init__(self, *seed: int) -> None:
        for number in seed:
            whole_number("seed", number, at_least=0)
        self._uniform = _uniform(np.random.default_rng(seed))

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1, each equally likely."""
        return int(next(self._uniform) * n)

    def one(self, choices: Sequence[T]) -> T:
        """One of them, each equally likely."""
        return choices[int(next(self._uniform) * len(choices))]

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return next(self._uniform) < probability

    def other(self, choices: Sequence[T], than: T) -> T:
        """One of them, but not `than`."""
        while (choice := self.one(choices)) == than:
            pass
        return choice

    def some(self, choices: Sequence[T], n: int) -> list[T]:
        """`n` different ones, in random order.

        Raises:
            ValueError: if there are fewer.
        """
        if n > len(choices):
            raise ValueError(f"n must be at most the {len(choices)} choices, got {n}")
        rest, chosen = list(choices), []
        for _ in range(n):
            chosen.append(rest.pop(self.below(len(rest))))
        return chosen

    def weighted(self, choices: Sequence[T], cumulative: Sequence[float]) -> T:
        """One of them; `cumulative` holds the running sums of their shares (see `cumulative`)."""
        point = next(self._uniform) * cumulative[-1]
        return next(choice for choice, end in zip(choices, cumulative, strict=True) if point < end)


def cumulative(shares: Sequence[float]) -> list[float]:
    """The running sums of some shares: [1, 2, 1] → [1, 3, 4]."""
    return list(accumulate(shares))


def _uniform(generator: np.random.Generator) -> Iterator[float]:
    """Numbers from 0 to 1, without end."""
    while True:
        yield from generator.random(BLOCK).tolist()
