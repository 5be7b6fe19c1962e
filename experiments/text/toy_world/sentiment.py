"""The sentiment task: did the reviewer like it? There are few labels, and new words in the test examples.

An example is one sentence that judges two aspects. The adjectives of the lexicon are split into three parts. Training
examples use the first part. Test examples use the first and the third: as in any real test set, some words occur in the
labelled examples and others are new. Dev examples use the first and the second, so that no choice depends on the new
words of the test examples.

The labelled examples say nothing about a new adjective. The unlabelled reviews, in which all adjectives occur together,
do. Only in this way can pretraining help.

The two aspects are in the order that documents never use, so no example occurs in a document.
"""

from dataclasses import dataclass

import numpy as np

from experiments.text.toy_world.lexicon import CLASSES, part
from experiments.text.toy_world.reviews import PAIR
from minigrad.checks import whole_number

LABELS = ("bad", "good")


@dataclass(frozen=True)
class Example:
    """A text, the index of its label, and the number of its adjectives that no training example may use."""

    text: str
    label: int
    n_new: int = 0


@dataclass(frozen=True)
class Task:
    """A downstream task: three sets of labelled examples that share no text."""

    name: str
    labels: tuple[str, ...]
    train: list[Example]
    dev: list[Example]
    test: list[Example]


def task(seed: int, n_train: int = 1024, n_dev: int = 200, n_test: int = 400) -> Task:
    """Draw the task's examples, all of them different.

    Labels alternate, so that the first n training examples are balanced for every even n.

    Raises:
        TypeError or ValueError: if a number is not whole, is negative, or is more than there are examples.
    """
    whole_number("seed", seed, at_least=0)
    seen: set[str] = set()
    train = _examples("train", n_train, np.random.default_rng([seed, 2, 0]), seen)
    dev = _examples("dev", n_dev, np.random.default_rng([seed, 2, 1]), seen)
    test = _examples("test", n_test, np.random.default_rng([seed, 2, 2]), seen)
    return Task("sentiment", LABELS, train, dev, test)


def _examples(own: str, n: int, generator: np.random.Generator, seen: set[str]) -> list[Example]:
    """`n` examples whose adjectives come from the set's own third and from that of the training examples."""
    n_aspects, n_adjectives = len(CLASSES["aspect"]), len(part("good", "train")) * (1 if own == "train" else 2)
    most = len(LABELS) * (n_aspects * (n_aspects - 1) // 2 * n_adjectives**2) - len(seen)
    whole_number(f"n_{own}", n, at_least=0, at_most=most)  # otherwise the loop below would never end
    examples: list[Example] = []
    while len(examples) < n:
        label = len(examples) % 2
        known, new = part(LABELS[label], "train"), part(LABELS[label], own)
        thirds = generator.integers(2, size=2) * (own != "train")
        words = [(new if third else known)[generator.integers(len(known))] for third in thirds]
        first, second = np.sort(generator.choice(len(CLASSES["aspect"]), size=2, replace=False))
        aspects = CLASSES["aspect"][second], CLASSES["aspect"][first]
        text = PAIR.format(aspect=aspects[0], aspect2=aspects[1], adjective=words[0], adjective2=words[1])
        if text not in seen:
            seen.add(text)
            examples.append(Example(text, label, int(thirds.sum())))
    return examples
