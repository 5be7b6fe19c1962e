"""The toy world: who lives where and likes what. A seed makes a world, and the world writes documents.

The world knows what a language model can learn from the documents: facts, coreference, who is where, which words carry
which sentiment. So it can generate tasks with gold labels, and judge texts.
"""

from collections.abc import Iterator

import numpy as np

from experiments.text.document import Document
from experiments.text.toy_world import encyclopedia, reviews, stories
from experiments.text.toy_world.lexicon import CLASSES
from minigrad.checks import whole_number

WRITERS = {"encyclopedia": encyclopedia.write, "story": stories.write, "review": reviews.write}
SHARES = {"encyclopedia": 0.25, "story": 0.25, "review": 0.5}
"""How often each genre is written."""


class World:
    """A world with its facts.

    Attributes:
        facts: for each person, and for each city, the value of each attribute, as in
            `facts["alice"]["job"] == "baker"`.

    Raises:
        TypeError or ValueError: if seed is not a whole number of at least 0.
    """

    def __init__(self, seed: int) -> None:
        self.seed = whole_number("seed", seed, at_least=0)
        generator = np.random.default_rng([self.seed, 0])

        def draw(subjects: list[str], attributes: tuple[str, ...]) -> dict[str, dict[str, str]]:
            return {
                subject: {attribute: str(generator.choice(CLASSES[attribute])) for attribute in attributes}
                for subject in subjects
            }

        self.facts = draw(CLASSES["person"], encyclopedia.OF_PERSON) | draw(CLASSES["city"], encyclopedia.OF_CITY)

    def documents(self, seed: int) -> Iterator[Document]:
        """An endless stream of documents; the same seed, a whole number of at least 0, gives the same documents.

        A document's name is its genre. Its text is sentences in lower case, with a space between them.
        """
        generator = np.random.default_rng([self.seed, 1, whole_number("seed", seed, at_least=0)])
        genres, shares = list(SHARES), list(SHARES.values())
        while True:
            for number in generator.choice(len(genres), size=256, p=shares):
                genre = genres[number]
                yield Document(genre, " ".join(WRITERS[genre](self.facts, generator)))

    def text(self, seed: int, n_words: int) -> list[str]:
        """The texts of the first documents that together have at least `n_words` words, 1 or more."""
        whole_number("n_words", n_words, at_least=1)
        texts, total = [], 0
        for document in self.documents(seed):
            texts.append(document.text)
            total += document.text.count(" ") + 1
            if total >= n_words:
                break
        return texts
