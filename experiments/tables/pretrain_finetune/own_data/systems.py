"""The settings, and the five starts on the user's files."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from experiments.lab.examples import Encoding
from experiments.lab.finetuning import Finetuning
from experiments.lab.own_data import pretraining
from experiments.lab.own_data.corpus import tokenizer_of
from experiments.lab.own_data.data import Data
from experiments.lab.own_data.finetuning import finetune_and_score, for_decoder
from experiments.lab.own_data.pretraining import Reading
from experiments.lab.own_data.tasks import TASKS, Task
from experiments.lab.pretraining import Pretraining
from experiments.lab.recipes import Architecture
from experiments.lab.sweep import positive_choices
from experiments.lab.training import MODEL
from experiments.lab.word_vectors import SkipGramSettings
from experiments.running.contract import OwnFiles
from experiments.running.work import Checkpoint, Work
from experiments.tables.pretrain_finetune.systems import RANDOM_TRANSFORMER, SYSTEMS, TRANSFORMER, VECTORS, use_vectors
from experiments.text.toy_world.vocabulary import EOS, START
from minigrad import load_checkpoint
from minigrad.checks import whole_number
from models.finetuning import LastTokenClassifier
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel


@dataclass(frozen=True)
class Settings:
    """What a preset decides, and what identifies the user's files.

    Attributes:
        size: the width, the number of layers, and the number of heads of the Transformer. The LSTM has one layer of
            twice the width.
        reading: what language models read. Its context is also the longest input of finetuning.
        lrs: of pretraining, by system.
        finetuning_steps, finetuning_epochs: the most of both.
        corpus, data: the facts of the files (`Corpus.facts`, `Data.facts`), empty until they are known.
    """

    seeds: int
    vocab_size: int
    size: tuple[int, int, int]
    reading: Reading
    lrs: Mapping[str, float]
    finetuning_steps: int
    finetuning_lrs: tuple[float, ...]
    finetuning_epochs: int = 10
    finetuning_batch: int = 32
    n_threads: int = 1
    corpus: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("seeds", "vocab_size", "finetuning_steps", "finetuning_epochs", "finetuning_batch", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        positive_choices("finetuning_lrs", self.finetuning_lrs)

    @property
    def task(self) -> Task:
        """The data set's task."""
        return TASKS[self.data["task"]]

    def finetunings(self, n_examples: int) -> list[Finetuning]:
        """How every start is finetuned on so many examples, with each learning rate."""
        steps = min(self.finetuning_steps, math.ceil(self.finetuning_epochs * n_examples / self.finetuning_batch))
        size, look_every = self.finetuning_batch, max(steps // 5, 1)
        return [Finetuning(lr, steps, batch_size=size, look_every=look_every) for lr in self.finetuning_lrs]

    @property
    def weights(self) -> tuple[int, int]:
        """Roughly, those of the LSTM and of the Transformer, without embeddings."""
        width, n_layers, _ = self.size
        return 8 * (2 * width) ** 2, 12 * n_layers * width**2

    def pretraining_flops(self, n_tokens: int) -> float:
        """Roughly, those of both language models on a corpus of so many tokens, for one seed."""
        n_batches = max(n_tokens // self.reading.batch_tokens, 1)
        of_the_vocabulary = 3 * self.size[0] * self.vocab_size  # the output layers of both
        n_targets = self.reading.steps_of(n_batches) * self.reading.batch_tokens
        return 6 * (sum(self.weights) + of_the_vocabulary) * n_targets

    def finetuning_flops(self, n_examples: int) -> float:
        """Roughly, those of finetuning the five starts on inputs of half the context, for one seed."""
        n_inputs = sum(trial.n_steps(n_examples) for trial in self.finetunings(n_examples)) * self.finetuning_batch
        return 6 * max(self.weights) * n_inputs * self.reading.context / 2 * len(SYSTEMS)


def architecture_of(system: str, text: Checkpoint, settings: Settings) -> Architecture:
    """The language model that a system finetunes, pretrained or not."""
    vocab_size, (width, n_layers, n_heads) = text.record["vocab_size"], settings.size
    if system not in (RANDOM_TRANSFORMER, TRANSFORMER):
        return Architecture(LSTMLanguageModel, LSTMConfig(vocab_size, 2 * width))
    start_id, eos_id = Encoding(tokenizer_of(text)).special(START, EOS)
    config = GPTConfig(vocab_size, settings.reading.context, width, n_layers, n_heads, bos_id=start_id, eos_id=eos_id)
    return Architecture(GPT, config)


def pretrained(work: Work, system: str, text: Checkpoint, settings: Settings, seed: int) -> Checkpoint:
    """The pretraining of a system. All read as many tokens.

    Raises:
        ExperimentError: if the corpus is too small for a batch.
    """
    key, lr, reading = f"pretraining: {system.removesuffix(', pretrained')}", settings.lrs[system], settings.reading
    steps = reading.steps(text.record["tokens"])
    architecture = architecture_of(system, text, settings)
    if system == VECTORS:
        width, n_tokens, how = architecture.config.d_model, steps * reading.batch_tokens, SkipGramSettings(lr)
        return work.checkpoint(key, pretraining.word_vectors, text, width, n_tokens, how, seed, work.device, seed=seed)
    training = Pretraining(steps, lr, warmup=0.05)
    return work.checkpoint(
        key, pretraining.language_model, text, architecture, reading, training, seed, work.device, seed=seed
    )


def start(
    system: str, pretrained: Checkpoint | None, text: Checkpoint, settings: Settings, seed: int, device: str
) -> LastTokenClassifier:
    """A classifier before finetuning, with one output for scores: the body pretrained or random, the last layer
    random."""
    model = architecture_of(system, text, settings).untrained(seed)
    if pretrained is not None and system == VECTORS:
        vectors = pretraining.untrained_vectors(text, model.config.d_model, seed)
        load_checkpoint(pretrained.folder / MODEL, vectors)
        use_vectors(model, vectors)
    elif pretrained is not None:
        load_checkpoint(pretrained.folder / MODEL, model)
    n_outputs = len(settings.task.labels) or 1
    return LastTokenClassifier(model, model.config.d_model, n_outputs, np.random.default_rng([seed, 4])).to(device)


def measure(
    system: str,
    pretrained: Checkpoint | None,
    text: Checkpoint,
    settings: Settings,
    files: OwnFiles,
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Finetune from a start, and score on dev: see `finetune_and_score`."""
    most = settings.finetuning_steps * settings.finetuning_batch  # no more are seen
    parts = Data(files.data, files.task).parts(seed, most)
    encoding = Encoding(tokenizer_of(text), longest=settings.reading.context)
    return finetune_and_score(
        partial(start, system, pretrained, text, settings, seed, device),
        settings.task,
        parts,
        for_decoder(settings.task, parts.train, encoding),
        settings.finetunings(len(parts.train)),
        seed,
        f"{system}, seed {seed}",
    )
