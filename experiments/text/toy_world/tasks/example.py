"""An example and a task, and how a task draws its examples until each of its sets has enough."""

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.parts import PARTS, part_of
from experiments.text.toy_world.tasks.split import Words, split
from minigrad.checks import whole_number

N_DEV, N_TEST = 300, 900
SAME_WORDS = "same words"
TRIES = 20_000
"""If that many drafts in a row give nothing new, there are no more examples. One draft in 32 is of the test part."""


@dataclass(frozen=True, slots=True)
class Example:
    """One or two texts with the number of their label, or with a score."""

    first: str
    second: str | None
    label: int | float

    @property
    def text(self) -> str:
        """Both texts with a space between them: the hash of this decides the part (`parts.py`)."""
        return self.first if self.second is None else f"{self.first} {self.second}"


Maker = Callable[[Words, Dice, int], Example]
"""Writes an example with the words of a part and the label that is asked for."""


@dataclass(frozen=True)
class Task:
    """A downstream task. Its sets share no text; training, dev and test examples share no words that they are about.

    Attributes:
        labels: the names of the labels, or () if the labels are scores.
        metrics: the names of the scores that a table reports, the main one first.
        further: more test sets by name. "same words" has the words of the training examples and texts that these do
            not have: what is right there and wrong in `test` is memorised.
    """

    name: str
    labels: tuple[str, ...]
    metrics: tuple[str, ...]
    train: list[Example]
    dev: list[Example]
    test: list[Example]
    further: dict[str, list[Example]]


def draw_task(
    name: str,
    seed: int,
    sizes: tuple[int, int, int],
    make: Maker,
    labels: tuple[str, ...],
    metrics: tuple[str, ...] = ("accuracy",),
    further: dict[str, Maker] | None = None,
    words: dict[str, Words] | None = None,
) -> Task:
    """Draw the sets of a task, of `sizes` = (n_train, n_dev, n_test) examples each.

    Labels take turns, so that each set is balanced. `further` names makers of more test sets, of n_test examples each.
    `words` are those of each part; None splits them with the seed.

    Raises:
        TypeError or ValueError: if a number is not whole or is negative, or if there are not as many examples.
    """
    words = words or split(seed)
    for part, n in zip(PARTS, sizes, strict=True):
        whole_number(f"n_{part}", n, at_least=0)

    def draw(set_name: str, part: str, own: Words, n: int, maker: Maker) -> list[Example]:
        dice = Dice(seed, 4, crc32(name.encode()), crc32(set_name.encode()))
        return _draw(f"{name}, {set_name}", part, own, n, maker, max(1, len(labels)), dice)

    n_test = sizes[2]
    train, dev, test = (draw(part, part, words[part], n, make) for part, n in zip(PARTS, sizes, strict=True))
    more = {title: draw(title, "test", words["test"], n_test, maker) for title, maker in (further or {}).items()}
    more[SAME_WORDS] = draw(SAME_WORDS, "test", words["train"], n_test, make)
    return Task(name, labels, metrics, train, dev, test, more)


def _draw(title: str, part: str, words: Words, n: int, make: Maker, n_labels: int, dice: Dice) -> list[Example]:
    """`n` different examples of the part."""
    found: dict[str, Example] = {}
    failed = 0
    while len(found) < n:
        example = make(words, dice, len(found) % n_labels)
        if part_of(example.text) == part and example.text not in found:
            found[example.text] = example
            failed = 0
        elif (failed := failed + 1) == TRIES:
            raise ValueError(f"{title}: n must be at most about {len(found)}, got {n}: there are no more examples")
    return list(found.values())
