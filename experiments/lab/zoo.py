"""The zoo: pretrained checkpoints that all tables share. Pretrain once, finetune many times.

    reading = Reading(n_tokens=921_600)
    decoder = Architecture(GPT, GPTConfig(1024, 64, d_model=64, n_layers=3, n_heads=4))
    recipe = Recipe(decoder, causal_lm, reading, Pretraining(steps=900, lr=3e-3))
    start = pretrained(work, recipe, seed)  # another table that asks for the same gets the same checkpoint
    model = load(recipe, start, seed)

A recipe names a pretrained model: its architecture and size, its objective, what it reads, how it is trained. The
checkpoint belongs to the recipe, the seed and the device, whichever table asks for it, and under whatever key.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from experiments.lab.objectives import CausalLM, Objective
from experiments.lab.pretraining import Pretraining, pretrain
from experiments.lab.training import MODEL
from experiments.lab.windows import unigram_entropy
from experiments.lab.word_vectors import SkipGramSettings, pretrain_word_vectors
from experiments.lab.worlds import Reading
from experiments.running.progress import Bar
from experiments.running.work import Checkpoint, Work
from minigrad import load_checkpoint, nn
from models.word_vectors import SkipGram


class Pretrained(Protocol):
    """What the zoo asks of a recipe. It is a frozen dataclass: its fields, by value, decide which checkpoint it is."""

    @property
    def name(self) -> str:
        """What tables and progress bars call it."""

    @property
    def reading(self) -> Reading:
        """What it reads."""

    def untrained(self, vocab_size: int, seed: int) -> Any:
        """The model with random weights."""

    def train(self, folder: Path, seed: int, device: str) -> dict[str, Any]:
        """Train it on a seed's text, leave the weights in the folder, and return the record of the training."""


def pretrained(work: Work, recipe: Pretrained, seed: int, key: str | None = None) -> Checkpoint:
    """The checkpoint of a recipe, trained with a seed: found, or trained now.

    Args:
        key: the table's name for the checkpoint; None means the recipe's name. The checkpoint is found without it.
    """
    return work.checkpoint(key or f"pretraining: {recipe.name}", train, recipe, seed, work.device, seed=seed)


def train(folder: Path, recipe: Pretrained, seed: int, device: str) -> dict[str, Any]:
    """Train a recipe's model with a seed, and leave it in the folder."""
    return recipe.train(folder, seed, device)


def load(recipe: Pretrained, start: Checkpoint, seed: int) -> Any:
    """The model of a recipe's checkpoint."""
    model: nn.Module = recipe.untrained(recipe.reading.of(seed).tokenizer.vocab_size, seed)
    load_checkpoint(start.folder / MODEL, model)
    return model


@dataclass(frozen=True)
class Architecture:
    """A model's class and its size. The size of the vocabulary is that of the tokenizer, whatever the config says."""

    model: Callable[[Any, np.random.Generator], Any]
    config: Any

    @property
    def name(self) -> str:
        """`GPT, width 64, layers 3`."""
        return f"{named(self.model)}, width {self.config.d_model}, layers {self.config.n_layers}"

    def untrained(self, vocab_size: int, seed: int) -> Any:
        """The model with random weights."""
        return self.model(replace(self.config, vocab_size=vocab_size), np.random.default_rng([seed, 3]))


@dataclass(frozen=True)
class Recipe:
    """A model, pretrained on a world's text.

    Attributes:
        objective: makes the objective from the reading and the seed: a function, such as `causal_lm`, or a frozen
            dataclass with `__call__` if there are numbers to choose, such as a masking rate.
    """

    architecture: Architecture
    objective: Callable[[Reading, int], Objective]
    reading: Reading
    training: Pretraining

    @property
    def name(self) -> str:
        """`GPT, width 64, layers 3, causal_lm, 900 steps, learning rate 0.003`."""
        how = f"{self.training.steps} steps, learning rate {self.training.lr:g}"
        return f"{self.architecture.name}, {named(self.objective)}, {how}"

    def untrained(self, vocab_size: int, seed: int) -> Any:
        """The model with random weights."""
        return self.architecture.untrained(vocab_size, seed)

    def train(self, folder: Path, seed: int, device: str) -> dict[str, Any]:
        """See `pretrain`. The record also has the entropy of the tokens' frequencies."""
        text = self.reading.of(seed)
        model, entropy = self.untrained(text.tokenizer.vocab_size, seed).to(device), unigram_entropy(text.ids)
        objective = self.objective(self.reading, seed)
        with Bar(self.training.steps, f"pretraining {self.name}, seed {seed}") as bar:
            record = pretrain(model, objective, self.training, folder, bar, unigram_entropy=entropy)
        return record | {"unigram_entropy": entropy}


@dataclass(frozen=True)
class WordVectorRecipe:
    """Word vectors, pretrained on a world's text."""

    d_model: int
    reading: Reading
    training: SkipGramSettings

    @property
    def name(self) -> str:
        """`word vectors, width 128, 921,600 tokens, learning rate 0.01`."""
        tokens = f"{self.reading.n_tokens:,} tokens"
        return f"word vectors, width {self.d_model}, {tokens}, learning rate {self.training.lr:g}"

    def untrained(self, vocab_size: int, seed: int) -> SkipGram:
        """The vectors as they start."""
        return SkipGram(vocab_size, self.d_model, np.random.default_rng([seed, 3]))

    def train(self, folder: Path, seed: int, device: str) -> dict[str, Any]:
        """See `pretrain_word_vectors`."""
        text = self.reading.of(seed)
        vectors = self.untrained(text.tokenizer.vocab_size, seed).to(device)
        with Bar(len(text.ids), f"pretraining {self.name}, seed {seed}", "token") as bar:
            return pretrain_word_vectors(vectors, text.ids, self.training, seed, folder, bar)


def causal_lm(reading: Reading, seed: int) -> CausalLM:
    """Every token from those before it."""
    return CausalLM(reading.windows(seed))


def named(part: Any) -> str:
    """The name of a class or a function; of another object, as it is printed."""
    return getattr(part, "__name__", None) or str(part)
