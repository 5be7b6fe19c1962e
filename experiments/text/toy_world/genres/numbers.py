"""Number sequences: counting up or down in equal steps. Two numbers tell the rule, and so the third."""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import NUMBERS

TEMPLATES = ["{number}, {number2}, {number3}."]
STEPS = (1, 2, 3, 5, -1, -2, -3, -5)


def write(facts: object, dice: Dice) -> list[str]:
    """One sequence of five to seven numbers."""
    step, length = dice.one(STEPS), 5 + dice.below(3)
    return [sequence(dice.below(len(NUMBERS) - abs(step) * (length - 1)), step, length)]


def sequence(lowest: int, step: int, length: int) -> str:
    """`2, 4, 6, 8, 10.`; `lowest` is the place of its smallest number in NUMBERS."""
    numbers = [NUMBERS[lowest + abs(step) * i] for i in range(length)]
    return ", ".join(numbers if step > 0 else numbers[::-1]) + "."
