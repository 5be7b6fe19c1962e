"""The sentiment task: did the reviewer like it? With labels for few, and with new words at test time.

An example is one sentence that judges two aspects, each plainly or through "not". The adjectives of
the training, dev and test examples are three disjoint thirds of the lexicon. The labelled examples
alone say nothing about a test adjective; the unlabelled reviews, where all of them occur together,
do. That is how pretraining can help, and the only way.

The two aspects stand in the order that documents never use, so no example occurs in a document.
"""

from dataclasses import dataclass

import numpy as np

from experiments.toy_world.lexicon import CLASSES, PARTS, part
from experiments.toy_world.reviews import pair_sentence

LABELS = ("bad", "good")


@dataclass(frozen=True)
class Example:
    """A text and the index of its label."""

    text: str
    label: int


@dataclass(frozen=True)
class Task:
    """A downstream task: labelled examples in three disjoint parts."""

    name: str
    labels: tuple[str, ...]
    train: list[Example]
    dev: list[Example]
    test: list[Example]


def task(seed: int, n_train: int = 1024, n_dev: int = 200, n_test: int = 400) -> Task:
    """Draw the task's examples. No text occurs twice in a part.

    Labels alternate, so that the first n training examples are balanced for every even n.
    """
    parts = {
        name: _examples(name, n, np.random.default_rng([seed, 2, PARTS.index(name)]))
        for name, n in zip(PARTS, (n_train, n_dev, n_test), strict=True)
    }
    return Task("sentiment", LABELS, **parts)


def _examples(part_name: str, n: int, generator: np.random.Generator) -> list[Example]:
    adjectives = {polarity: part(polarity, part_name) for polarity in LABELS}
    examples: list[Example] = []
    seen: set[str] = set()
    while len(examples) < n:
        label = len(examples) % 2
        first, second = np.sort(generator.choice(len(CLASSES["aspect"]), size=2, replace=False))
        reversed_order = CLASSES["aspect"][second], CLASSES["aspect"][first]
        text = pair_sentence(reversed_order, LABELS[label], adjectives, generator)
        if text not in seen:
            seen.add(text)
            examples.append(Example(text, label))
    return examples
