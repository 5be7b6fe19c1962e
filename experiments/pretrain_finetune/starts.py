"""The settings, what everybody reads, and the five starts."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.finetuning import Encoded, encode
from experiments.pretraining import (
    END_OF_TEXT,
    LMSettings,
    SkipGramSettings,
    pretrain_language_model,
    pretrain_word_vectors,
    token_stream,
)
from experiments.runner import Run
from experiments.toy_world import sentiment
from experiments.toy_world.world import World
from minigrad import load_checkpoint
from minigrad.checks import number, whole_number
from models.finetuning import LastTokenClassifier
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.word_vectors import SkipGram
from tokenizer import ByteLevelBPE

RANDOM_LSTM = "LSTM, random start"
VECTORS = "LSTM on word vectors"
LSTM = "LSTM, pretrained"
RANDOM_TRANSFORMER = "Transformer, random start"
TRANSFORMER = "Transformer, pretrained"
SYSTEMS = (RANDOM_LSTM, VECTORS, LSTM, RANDOM_TRANSFORMER, TRANSFORMER)

CONTEXT = 64
VOCAB_SIZE = 1024


@dataclass(frozen=True)
class Settings:
    """What a preset decides. Where there are several learning rates, the best on dev examples is taken."""

    seeds: int
    pretraining_steps: int
    finetuning_steps: int
    label_counts: tuple[int, ...]
    pretraining_lrs: dict[str, tuple[float, ...]]
    finetuning_lrs: tuple[float, ...]
    n_dev: int = 200
    n_test: int = 400
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in ("seeds", "pretraining_steps", "finetuning_steps", "n_dev", "n_test", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        lists = {"label_counts": self.label_counts, "finetuning_lrs": self.finetuning_lrs}
        lists |= {f"pretraining_lrs[{system!r}]": lrs for system, lrs in self.pretraining_lrs.items()}
        for name, values in lists.items():
            if not values:
                raise ValueError(f"{name} must hold at least one value, got none")
        for n_labels in self.label_counts:
            whole_number("label_counts", n_labels, at_least=1)
        for lr in (lr for name, lrs in lists.items() if name != "label_counts" for lr in lrs):
            number("learning rates", lr, above=0)


@dataclass(frozen=True)
class Data:
    """One seed's world: its tokenizer, its unlabelled text as ids, and its task."""

    tokenizer: ByteLevelBPE
    ids: np.ndarray
    sha256: str  # of the ids
    train: Encoded
    dev: Encoded
    test: Encoded
    n_new: np.ndarray  # for each test example, how many of its adjectives no training example has


def data_of(settings: Settings, seed: int) -> Data:
    """The data of a seed: as many tokens as pretraining predicts, so that no token is read twice."""
    n_tokens = how_language_models_train(settings, lr=0.0).tokens
    return _data(seed, n_tokens, max(settings.label_counts), settings.n_dev, settings.n_test)


@cache
def _data(seed: int, n_tokens: int, n_train: int, n_dev: int, n_test: int) -> Data:
    texts = World(seed).text(seed=0, n_words=n_tokens)  # a word is a token or more: this is enough
    tokenizer = ByteLevelBPE.train(texts[:5000], VOCAB_SIZE, special_tokens=[END_OF_TEXT])
    ids = token_stream(tokenizer, texts)[: n_tokens + 1]
    task = sentiment.task(seed, n_train, n_dev, n_test)
    train, dev, test = (encode(tokenizer, part) for part in (task.train, task.dev, task.test))
    n_new = np.array([example.n_new for example in task.test])
    return Data(tokenizer, ids, hashlib.sha256(ids.tobytes()).hexdigest(), train, dev, test, n_new)


def how_language_models_train(settings: Settings, lr: float) -> LMSettings:
    """The same for the LSTM and the Transformer, but for the learning rate."""
    return LMSettings(settings.pretraining_steps, lr, context=CONTEXT)


def lstm_config(vocab_size: int) -> LSTMConfig:
    """The LSTM: about as many parameters as the Transformer."""
    return LSTMConfig(vocab_size, d_model=128)


def transformer_config(vocab_size: int) -> GPTConfig:
    """The Transformer."""
    return GPTConfig(vocab_size, n_positions=CONTEXT, d_model=64, n_layers=3, n_heads=4)


def untrained(system: str, vocab_size: int, seed: int) -> GPT | LSTMLanguageModel:
    """The model of a system with random weights."""
    generator = np.random.default_rng([seed, 3])
    if system in (RANDOM_TRANSFORMER, TRANSFORMER):
        return GPT(transformer_config(vocab_size), generator)
    return LSTMLanguageModel(lstm_config(vocab_size), generator)


def pretrain(system: str, settings: Settings, lr: float, seed: int, run: Run) -> tuple[Path, dict[str, Any]]:
    """Pretrain a system, or find that this was done before: the folder with its weights, and its record."""
    world = data_of(settings, seed)
    vocab_size = world.tokenizer.vocab_size
    label = f"{system.removesuffix(', pretrained')}, learning rate {lr:g}"
    if system == VECTORS:
        return _pretrain_vectors(f"pretraining: {label}", SkipGramSettings(lr), world, seed, run)
    how = how_language_models_train(settings, lr)
    model_config = transformer_config(vocab_size) if system == TRANSFORMER else lstm_config(vocab_size)
    config = {"system": system, "model": model_config, "how": how, "text": world.sha256, "seed": seed}

    def train(folder: Path) -> dict[str, Any]:
        with run.progress(how.steps, f"pretraining {label}, seed {seed}") as bar:
            model = untrained(system, vocab_size, seed).to(run.device)
            return pretrain_language_model(model, world.ids, how, seed, folder, bar)

    return run.checkpoint(f"pretraining: {label}", config, train, seed)


def _pretrain_vectors(key: str, how: SkipGramSettings, world: Data, seed: int, run: Run) -> tuple[Path, dict[str, Any]]:
    vocab_size = world.tokenizer.vocab_size
    d_model = lstm_config(vocab_size).d_model
    config = {"system": VECTORS, "d_model": d_model, "how": how, "text": world.sha256, "seed": seed}

    def train(folder: Path) -> dict[str, Any]:
        vectors = SkipGram(vocab_size, d_model, np.random.default_rng([seed, 3])).to(run.device)
        with run.progress(len(world.ids), f"{key}, seed {seed}", "token") as bar:
            return pretrain_word_vectors(vectors, world.ids, how, seed, folder, bar)

    return run.checkpoint(key, config, train, seed)


def start(system: str, world: Data, seed: int, pretrained: Path | None, device: str = "cpu") -> LastTokenClassifier:
    """A classifier where finetuning finds it: the body pretrained or not, the last layer random."""
    model = untrained(system, world.tokenizer.vocab_size, seed)
    if pretrained is not None and system == VECTORS:
        vectors = SkipGram(world.tokenizer.vocab_size, model.config.d_model)
        load_checkpoint(pretrained / "model.safetensors", vectors)
        # Scaled to the mean square of the random start's vectors, which the rest of the LSTM is made for.
        table, old = vectors.centre.weight.data, model.token_embedding.weight.data
        model.token_embedding.weight.data = table * (np.linalg.norm(old) / np.linalg.norm(table))
    elif pretrained is not None:
        load_checkpoint(pretrained / "model.safetensors", model)
    generator = np.random.default_rng([seed, 4])
    return LastTokenClassifier(model, model.config.d_model, len(sentiment.LABELS), generator).to(device)
