"""What is compared: the settings, and how each system fills in blanks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from experiments.lab import zoo
from experiments.lab.filling import correct
from experiments.lab.probes import evaluating
from experiments.lab.recipes import Recipe
from experiments.lab.worlds import START_ID, Reading
from experiments.lab.zoo import Zoo
from experiments.running.work import Checkpoint
from experiments.text.toy_world.tasks.blanks import CLUE_AFTER, CLUE_BEFORE, SKILLS, Blank, Maker, draw
from experiments.text.toy_world.vocabulary import tokenizer
from experiments.text.toy_world.world import World
from minigrad.checks import whole_number

UNIGRAM, BIGRAM = "unigram counts", "bigram counts"
COUNTING = (UNIGRAM, BIGRAM)
LSTM, ELMO = "LSTM", "ELMo's two LSTMs"
DECODER, LARGE_DECODER = "decoder (GPT), small", "decoder (GPT), large"
ENCODER, LARGE_ENCODER = "encoder (BERT), small", "encoder (BERT), large"
PRETRAINED = (LSTM, DECODER, LARGE_DECODER, ELMO, ENCODER, LARGE_ENCODER)

SETS = {"clue before": CLUE_BEFORE, "clue after": CLUE_AFTER, "skills": SKILLS}
"""The sets of blanks, each with its kinds."""


@dataclass(frozen=True)
class Settings:
    """What a preset decides.

    Attributes:
        n_blanks: of each kind, from test texts.
        n_counted: of how many tokens of text the counting baselines count words.
    """

    seeds: int
    n_blanks: int
    n_counted: int
    zoo: Zoo
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in ("seeds", "n_blanks", "n_counted", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)


def recipe_of(system: str, settings: Settings) -> Recipe:
    """How a system was pretrained."""
    members = settings.zoo
    return {
        LSTM: members.lstm,
        DECODER: members.gpt,
        LARGE_DECODER: members.gpt_large,
        ELMO: members.elmo,
        ENCODER: members.bert,
        LARGE_ENCODER: members.bert_large,
    }[system]


def fill_in(system: str, start: Checkpoint, settings: Settings, seed: int) -> dict[str, dict[str, float]]:
    """The accuracy of a pretrained system: set of blanks → kind → share."""
    recipe = recipe_of(system, settings)
    model = zoo.load(recipe, start, seed)
    with evaluating(model):
        return accuracies(partial(recipe.fill, model), settings, seed)


def count(system: str, settings: Settings, seed: int) -> dict[str, dict[str, float]]:
    """The accuracy of choosing the word that is most frequent, or most frequent after the word before the blank."""
    counts = Counts(Reading(settings.n_counted).ids(seed))
    return accuracies(counts.unigram if system == UNIGRAM else counts.bigram, settings, seed)


def accuracies(
    guess: Callable[[Sequence[Blank]], np.ndarray], settings: Settings, seed: int
) -> dict[str, dict[str, float]]:
    """For each set of blanks and each kind, the share in which the right word has the highest of the logits (N, V)."""
    world = World(seed)

    def accuracy(kinds: dict[str, Maker], kind: str) -> float:
        blanks = draw(world, kinds, kind, settings.n_blanks)
        return float(correct(guess(blanks), blanks).mean())

    return {side: {kind: accuracy(kinds, kind) for kind in kinds} for side, kinds in SETS.items()}


class Counts:
    """How often each word occurs in a text, and how often behind each other word."""

    def __init__(self, ids: np.ndarray) -> None:
        size = tokenizer().vocab_size
        ids = ids.astype(np.int64)
        self.words = np.bincount(ids, minlength=size) / len(ids)  # (V,), their shares
        pairs = np.bincount(ids[:-1] * size + ids[1:], minlength=size * size)
        self.pairs = pairs.reshape(size, size)  # (V, V): the word before, the word after

    def unigram(self, blanks: Sequence[Blank]) -> np.ndarray:
        """(N, V): the same for each blank."""
        return np.tile(self.words, (len(blanks), 1))

    def bigram(self, blanks: Sequence[Blank]) -> np.ndarray:
        """(N, V): the counts behind the word before the blank. Words that never follow it are ordered by frequency."""
        before = [tokenizer().encode(blank.before)[-1:] or [START_ID] for blank in blanks]
        return self.pairs[np.array(before)[:, 0]] + self.words  # counts are whole, and shares less than 1


def settings_summary(settings: Settings) -> dict[str, Any]:
    """The recipes by system, for the result's configs."""
    return {system: zoo.described(recipe_of(system, settings)) for system in PRETRAINED}
