"""What is compared: the settings, what everybody reads, and the five starts."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lab.finetuning import Encoded, encode
from experiments.lab.objectives import CausalLM
from experiments.lab.pretraining import Pretraining
from experiments.lab.pretraining import pretrain as pretrain_model
from experiments.lab.training import MODEL
from experiments.lab.windows import END_OF_TEXT, Windows, token_stream, unigram_entropy
from experiments.lab.word_vectors import SkipGramSettings, pretrain_word_vectors
from experiments.running.progress import Bar
from experiments.running.work import Checkpoint
from experiments.text.toy_world import sentiment
from experiments.text.toy_world.world import World
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

BATCH_SIZE, CONTEXT = 16, 64
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
    train: Encoded
    dev: Encoded
    test: Encoded
    n_new: np.ndarray  # for each test example, how many of its adjectives no training example has


def data_of(settings: Settings, seed: int) -> Data:
    """The data of a seed: as many tokens as pretraining predicts, so that no token is read twice."""
    return _data(settings.pretraining_steps, max(settings.label_counts), settings.n_dev, settings.n_test, seed)


@cache
def _data(pretraining_steps: int, n_train: int, n_dev: int, n_test: int, seed: int) -> Data:
    tokenizer, ids = text_of(pretraining_steps, seed)
    task = sentiment.task(seed, n_train, n_dev, n_test)
    train, dev, test = (encode(tokenizer, part) for part in (task.train, task.dev, task.test))
    return Data(tokenizer, ids, train, dev, test, np.array([example.n_new for example in task.test]))


@cache
def text_of(steps: int, seed: int) -> tuple[ByteLevelBPE, np.ndarray]:
    """A tokenizer, and the unlabelled text as ids: what so many steps of a language model predict, and one more."""
    n_tokens = steps * BATCH_SIZE * CONTEXT
    texts = World(seed).text(seed=0, n_words=n_tokens)  # a word is a token or more: this is enough
    tokenizer = ByteLevelBPE.train(texts[:5000], VOCAB_SIZE, special_tokens=[END_OF_TEXT])
    return tokenizer, token_stream(tokenizer, texts)[: n_tokens + 1]


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


def pretrain(folder: Path, system: str, steps: int, lr: float, seed: int, device: str) -> dict[str, Any]:
    """Pretrain a system on the text of so many steps, and leave its weights in the folder."""
    tokenizer, ids = text_of(steps, seed)
    label = f"pretraining {system.removesuffix(', pretrained')}, learning rate {lr:g}, seed {seed}"
    if system == VECTORS:
        d_model = lstm_config(tokenizer.vocab_size).d_model
        vectors = SkipGram(tokenizer.vocab_size, d_model, np.random.default_rng([seed, 3])).to(device)
        with Bar(len(ids), label, "token") as bar:
            return pretrain_word_vectors(vectors, ids, SkipGramSettings(lr), seed, folder, bar)
    model, entropy = untrained(system, tokenizer.vocab_size, seed).to(device), unigram_entropy(ids)
    objective = CausalLM(Windows(ids, CONTEXT, BATCH_SIZE, seed))
    with Bar(steps, label) as bar:
        record = pretrain_model(model, objective, Pretraining(steps, lr), folder, bar, unigram_entropy=entropy)
    return record | {"unigram_entropy": entropy}


def start(system: str, data: Data, seed: int, pretrained: Checkpoint | None, device: str) -> LastTokenClassifier:
    """A classifier where finetuning finds it: the body pretrained or not, the last layer random."""
    model = untrained(system, data.tokenizer.vocab_size, seed)
    if pretrained is not None and system == VECTORS:
        vectors = SkipGram(data.tokenizer.vocab_size, model.config.d_model)
        load_checkpoint(pretrained.folder / MODEL, vectors)
        # Scaled to the mean square of the random start's vectors, which the rest of the LSTM is made for.
        table, old = vectors.centre.weight.data, model.token_embedding.weight.data
        model.token_embedding.weight.data = table * (np.linalg.norm(old) / np.linalg.norm(table))
    elif pretrained is not None:
        load_checkpoint(pretrained.folder / MODEL, model)
    generator = np.random.default_rng([seed, 4])
    return LastTokenClassifier(model, model.config.d_model, len(sentiment.LABELS), generator).to(device)
