"""Pretraining on the user's corpus: functions of checkpoints, which resume after a kill."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.evidence.errors import ExperimentError
from experiments.lab.objectives import CausalLM, Objective
from experiments.lab.own_data.corpus import ids_of
from experiments.lab.pretraining import Pretraining, pretrain
from experiments.lab.recipes import Architecture
from experiments.lab.windows import Windows
from experiments.lab.word_vectors import SkipGramSettings, pretrain_word_vectors
from experiments.running.progress import Bar
from experiments.running.work import Checkpoint
from minigrad.checks import whole_number
from models.word_vectors import SkipGram


@dataclass(frozen=True)
class Reading:
    """What pretraining reads of a corpus: rows of a batch, each of context + 1 tokens, in a random order.

    Attributes:
        most_steps: of a pretraining.
        most_passes: over the corpus; a small corpus is read for fewer steps, because it would be memorised.
    """

    context: int
    batch_size: int
    most_steps: int
    most_passes: int

    def __post_init__(self) -> None:
        for name in ("context", "batch_size", "most_steps", "most_passes"):
            whole_number(name, getattr(self, name), at_least=1)

    @property
    def batch_tokens(self) -> int:
        """The tokens of a batch, that is, its targets."""
        return self.context * self.batch_size

    def steps(self, n_tokens: int) -> int:
        """The number of steps on a corpus of so many tokens.

        Raises:
            ExperimentError: if it is too small for one batch.
        """
        n_batches = (n_tokens - 1) // self.context // self.batch_size
        if n_batches == 0:
            raise ExperimentError(
                f"--corpus: expected at least {self.batch_tokens + 1:,} tokens, enough for one batch of pretraining "
                f"({self.batch_size} rows of {self.context}), got {n_tokens:,}; add more text. A token has about four "
                "letters, and pretraining begins to help at a million"
            )
        return self.steps_of(n_batches)

    def steps_of(self, n_batches: int) -> int:
        """The number of steps on a corpus of so many batches."""
        return min(self.most_steps, self.most_passes * n_batches)


def language_model(
    folder: Path,
    text: Checkpoint,
    architecture: Architecture,
    reading: Reading,
    training: Pretraining,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Pretrain a language model on a corpus, and leave it in the folder. Returns the record of `pretrain`."""
    windows = Windows(ids_of(text), reading.context, reading.batch_size, seed)
    return pretrain_on(text, architecture, CausalLM(windows), training, folder, seed, device)


def pretrain_on(
    text: Checkpoint,
    architecture: Architecture,
    objective: Objective,
    training: Pretraining,
    folder: Path,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Pretrain a model with an objective on a corpus, and leave it in the folder. Returns the record of `pretrain`."""
    model = architecture.untrained(seed).to(device)
    with Bar(training.steps, f"pretraining {architecture.name}, seed {seed}") as bar:
        return pretrain(model, objective, training, folder, bar, unigram_entropy=text.record["unigram_entropy"])


def word_vectors(
    folder: Path, text: Checkpoint, d_model: int, n_tokens: int, training: SkipGramSettings, seed: int, device: str
) -> dict[str, Any]:
    """Pretrain word vectors on the first `n_tokens` of a corpus, and leave them in the folder. A corpus with fewer is
    read again from its start, so that word vectors see as many tokens as language models."""
    ids = np.resize(ids_of(text), n_tokens).astype(np.int64)
    model = untrained_vectors(text, d_model, seed).to(device)
    with Bar(n_tokens, f"pretraining word vectors, width {d_model}, seed {seed}", "token") as bar:
        return pretrain_word_vectors(model, ids, training, seed, folder, bar)


def untrained_vectors(text: Checkpoint, d_model: int, seed: int) -> SkipGram:
    """Word vectors as they start."""
    return SkipGram(text.record["vocab_size"], d_model, np.random.default_rng([seed, 3]))
