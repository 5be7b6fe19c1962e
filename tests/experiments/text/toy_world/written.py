"""Documents of each genre, as the tests of the toy world read them."""

from functools import cache

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.recogniser import is_consistent, is_grammatical, is_true
from experiments.text.toy_world.world import GENRES, World

N_DOCUMENTS = 150
SEEDS = (0, 1, 102)


@cache
def world(seed: int) -> World:
    return World(seed)


@cache
def written(genre: str, seed: int) -> list[list[str]]:
    """The sentences of some documents of a genre, held-out ones too."""
    dice = Dice(seed, 9)
    return [GENRES[genre].write(world(seed).facts, dice) for _ in range(N_DOCUMENTS)]


TRUE = {"encyclopedia", "taxonomy", "habits", "contrasts", "lists", "numbers", "glossaries"}
CONSISTENT = {"situations", "games", "questions", "dialogues", "stories", "reviews"}


def accepted(genre: str, texts: list[str], seed: int = 0) -> bool:
    """Whether the recogniser finds nothing wrong with a document of a genre."""
    text = " ".join(texts)
    return (
        all(is_grammatical(sentence) for sentence in texts)
        and (genre not in TRUE or is_true(world(seed), text) is True)
        and (genre not in CONSISTENT or is_consistent(text) is True)
    )
