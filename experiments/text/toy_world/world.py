"""The toy world: a seed makes its facts, and the world writes documents of many genres about them and much else."""

from collections.abc import Iterator

from experiments.text.document import Document
from experiments.text.toy_world.dice import Dice, cumulative
from experiments.text.toy_world.genres import (
    contrasts,
    dialogues,
    encyclopedia,
    games,
    glossaries,
    grammar,
    habits,
    homographs,
    lists,
    numbers,
    questions,
    reviews,
    situations,
    stories,
    taxonomy,
)
from experiments.text.toy_world.parts import is_held_out
from minigrad.checks import whole_number

GENRES = {
    "encyclopedia": encyclopedia,
    "taxonomy": taxonomy,
    "habits": habits,
    "contrasts": contrasts,
    "situations": situations,
    "games": games,
    "questions": questions,
    "dialogues": dialogues,
    "stories": stories,
    "reviews": reviews,
    "grammar": grammar,
    "homographs": homographs,
    "lists": lists,
    "numbers": numbers,
    "glossaries": glossaries,
}
SHARES = {
    "encyclopedia": 0.05,
    "taxonomy": 0.03,
    "habits": 0.065,
    "contrasts": 0.055,
    "situations": 0.10,
    "games": 0.41,
    "questions": 0.04,
    "dialogues": 0.02,
    "stories": 0.05,
    "reviews": 0.05,
    "grammar": 0.035,
    "homographs": 0.03,
    "lists": 0.025,
    "numbers": 0.025,
    "glossaries": 0.015,
}
"""How often each genre is drafted. A draft with a sentence of a dev or test set is dropped, so genres with long
documents are a little rarer among the documents that are written."""

ALL_OF_IT = ("encyclopedia", "taxonomy", "glossaries")
"""Genres that state single facts. No task asks about their sentences as such, so none of these is held out."""


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
        self.facts = encyclopedia.draw_facts(Dice(self.seed, 0))

    def documents(self, seed: int, shares: dict[str, float] = SHARES) -> Iterator[Document]:
        """An endless stream of documents; the same seed, a whole number of at least 0, gives the same documents.

        `shares` are those of the drafts; a draft that is held out is dropped. A document's name is its genre. Its text
        is sentences in lower case, with a space between them. No sentence, and no two sentences in a row, belong to a
        test or dev set (`parts.py`).
        """
        dice = Dice(self.seed, 1, whole_number("seed", seed, at_least=0))
        genres, ends = list(shares), cumulative(list(shares.values()))
        while True:
            genre = dice.weighted(genres, ends)
            sentences = GENRES[genre].write(self.facts, dice)
            if genre in ALL_OF_IT or not is_held_out(sentences):
                yield Document(genre, " ".join(sentences))

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
