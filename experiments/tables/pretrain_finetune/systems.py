"""What is compared: the settings, the task, and the five starts."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from experiments.lab import examples, zoo
from experiments.lab.finetuning import Finetuning
from experiments.lab.recipes import Architecture, Recipe, WordVectorRecipe
from experiments.lab.sweep import positive_choices
from experiments.lab.ways import LastToken
from experiments.lab.zoo import Zoo
from experiments.running.work import Checkpoint
from experiments.text.toy_world.tasks.judgements import cola_of_all_words
from minigrad.checks import whole_number
from models.finetuning import LastTokenClassifier
from models.lstm_lm import LSTMLanguageModel
from models.word_vectors import SkipGram

RANDOM_LSTM = "LSTM, random start"
VECTORS = "LSTM on word vectors"
LSTM = "LSTM, pretrained"
RANDOM_TRANSFORMER = "Transformer, random start"
TRANSFORMER = "Transformer, pretrained"
SYSTEMS = (RANDOM_LSTM, VECTORS, LSTM, RANDOM_TRANSFORMER, TRANSFORMER)
PRETRAINED = (VECTORS, LSTM, TRANSFORMER)
FROM_TO = {"LSTM": (RANDOM_LSTM, LSTM), "Transformer": (RANDOM_TRANSFORMER, TRANSFORMER)}
"""The random and the pretrained start of each architecture."""


@dataclass(frozen=True)
class Settings:
    """What a preset decides. Of several learning rates, the best on dev examples is used."""

    seeds: int
    finetuning_steps: int
    label_counts: tuple[int, ...]
    finetuning_lrs: tuple[float, ...]
    zoo: Zoo
    n_dev: int = 200
    n_test: int = 600
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in ("seeds", "finetuning_steps", "n_dev", "n_test", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        if not self.label_counts:
            raise ValueError("label_counts must hold at least one value, got none")
        for n_labels in self.label_counts:
            whole_number("label_counts", n_labels, at_least=1)
        positive_choices("finetuning_lrs", self.finetuning_lrs)


class Examples(NamedTuple):
    """The task as arrays. Few training examples have few of the words, and many have all."""

    train: LastToken
    dev: LastToken
    test: LastToken
    n_labels: int


def task_of(settings: Settings, seed: int) -> Examples:
    """The task of a seed's world."""
    return _examples(seed, max(settings.label_counts), settings.n_dev, settings.n_test)


@cache
def _examples(seed: int, n_train: int, n_dev: int, n_test: int) -> Examples:
    task = cola_of_all_words(seed, n_train, n_dev, n_test)
    train, dev, test = (examples.for_decoder(each) for each in (task.train, task.dev, task.test))
    return Examples(train, dev, test, len(task.labels))


def finetuning_of(settings: Settings, lr: float) -> Finetuning:
    """How every system is finetuned, whole."""
    return Finetuning(lr, settings.finetuning_steps, batch_size=32)


def architecture_of(system: str, settings: Settings) -> Architecture:
    """The language model that a system finetunes, pretrained or not."""
    is_transformer = system in (RANDOM_TRANSFORMER, TRANSFORMER)
    return (settings.zoo.gpt if is_transformer else settings.zoo.lstm).architecture


def recipe_of(system: str, settings: Settings) -> Recipe | WordVectorRecipe:
    """How a pretrained system was pretrained."""
    if system == VECTORS:
        return settings.zoo.vectors
    return {LSTM: settings.zoo.lstm, TRANSFORMER: settings.zoo.gpt}[system]


def start(
    system: str, settings: Settings, seed: int, pretrained: Checkpoint | None, device: str
) -> LastTokenClassifier:
    """A classifier before finetuning: the body pretrained or random, the last layer random."""
    model = architecture_of(system, settings).untrained(seed)
    if pretrained is not None and system == VECTORS:
        use_vectors(model, zoo.load(settings.zoo.vectors, pretrained, seed))
    elif pretrained is not None:
        model = zoo.load(recipe_of(system, settings), pretrained, seed)
    generator = np.random.default_rng([seed, 4])
    n_labels = task_of(settings, seed).n_labels
    return LastTokenClassifier(model, model.config.d_model, n_labels, generator).to(device)


def use_vectors(model: LSTMLanguageModel, vectors: SkipGram) -> None:
    """Put pretrained word vectors in the place of an LSTM's embeddings.

    They are scaled to the norm of the random start's, because the rest of the LSTM is initialised for that scale.
    """
    table, old = vectors.centre.weight.numpy(), model.token_embedding.weight.data
    model.token_embedding.weight.data = table * (np.linalg.norm(old) / np.linalg.norm(table))
