"""Number sequences: counting up or down in equal steps. Two numbers tell the rule, and so the third."""

from itertools import pairwise

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import NUMBERS
from experiments.text.toy_world.templates import first_match

STEPS = (1, 2, 3, 5, -1, -2, -3, -5)
LENGTHS = (5, 6, 7)
TEMPLATES = [", ".join(f"{{number{i + 1}}}" for i in range(length)) + "." for length in LENGTHS]


def write(facts: object, dice: Dice) -> list[str]:
    """One sequence of five to seven numbers."""
    step, length = dice.one(STEPS), dice.one(LENGTHS)
    return [sequence(dice.below(len(NUMBERS) - abs(step) * (length - 1)), step, length)]


def sequence(lowest: int, step: int, length: int) -> str:
    """`2, 4, 6, 8, 10.`; `lowest` is the place of its smallest number in NUMBERS."""
    numbers = [NUMBERS[lowest + abs(step) * i] for i in range(length)]
    return ", ".join(numbers if step > 0 else numbers[::-1]) + "."


def is_true(facts: object, sentence: str) -> bool | None:
    """Whether all steps of a sequence are the same, one of STEPS; None if this is no sequence."""
    match = first_match(TEMPLATES, sentence)
    if match is None:
        return None
    numbers = [NUMBERS.index(word) for word in match[1].values()]
    steps = {after - before for before, after in pairwise(numbers)}
    return len(steps) == 1 and steps <= set(STEPS)
