"""What is compared: the settings, the text that all systems read, and the five starts."""

from dataclasses import dataclass

import numpy as np

from experiments.lab.pretraining import Pretraining
from experiments.lab.training import MODEL
from experiments.lab.word_vectors import SkipGramSettings
from experiments.lab.worlds import Reading, Sentiment, sentiment_of
from experiments.lab.zoo import Architecture, Recipe, WordVectorRecipe, causal_lm
from experiments.running.work import Checkpoint
from experiments.text.toy_world import sentiment
from minigrad import load_checkpoint
from minigrad.checks import number, whole_number
from models.finetuning import LastTokenClassifier
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.word_vectors import SkipGram

RANDOM_LSTM = "LSTM, random start"
VECTORS = "LSTM on word vectors"
LSTM = "LSTM, pretrained"
RANDOM_TRANSFORMER = "Transformer, random start"
TRANSFORMER = "Transformer, pretrained"
SYSTEMS = (RANDOM_LSTM, VECTORS, LSTM, RANDOM_TRANSFORMER, TRANSFORMER)


@dataclass(frozen=True)
class Sizes:
    """How large everything is. The LSTM has about as many parameters as the Transformer."""

    batch_size: int = 16
    context: int = 64
    vocab_size: int = 1024
    lstm_width: int = 128
    transformer_width: int = 64
    n_layers: int = 3
    n_heads: int = 4
    sample_length: int = 60  # tokens of a text that is written

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            whole_number(name, value, at_least=1)


@dataclass(frozen=True)
class Settings:
    """What a preset decides. Of several learning rates, the best on dev examples is used."""

    seeds: int
    pretraining_steps: int
    finetuning_steps: int
    label_counts: tuple[int, ...]
    pretraining_lrs: dict[str, tuple[float, ...]]
    finetuning_lrs: tuple[float, ...]
    n_dev: int = 200
    n_test: int = 400
    n_threads: int = 1
    sizes: Sizes = Sizes()

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


def reading_of(settings: Settings) -> Reading:
    """What all systems read: as many tokens as pretraining predicts, so that no token is read twice."""
    sizes = settings.sizes
    n_tokens = settings.pretraining_steps * sizes.batch_size * sizes.context
    return Reading(n_tokens, sizes.batch_size, sizes.context, sizes.vocab_size)


def task_of(settings: Settings, seed: int) -> Sentiment:
    """The task of a seed's world."""
    return sentiment_of(reading_of(settings), max(settings.label_counts), settings.n_dev, settings.n_test, seed)


def architecture_of(system: str, settings: Settings) -> Architecture:
    """The language model that a system finetunes, pretrained or not."""
    sizes = settings.sizes
    if system not in (RANDOM_TRANSFORMER, TRANSFORMER):
        return Architecture(LSTMLanguageModel, LSTMConfig(sizes.vocab_size, d_model=sizes.lstm_width))
    config = GPTConfig(
        sizes.vocab_size,
        n_positions=sizes.context,
        d_model=sizes.transformer_width,
        n_layers=sizes.n_layers,
        n_heads=sizes.n_heads,
    )
    return Architecture(GPT, config)


def recipe_of(system: str, settings: Settings, lr: float) -> Recipe | WordVectorRecipe:
    """How a system is pretrained."""
    reading = reading_of(settings)
    if system == VECTORS:
        return WordVectorRecipe(settings.sizes.lstm_width, reading, SkipGramSettings(lr))
    training = Pretraining(settings.pretraining_steps, lr)
    return Recipe(architecture_of(system, settings), causal_lm, reading, training)


def untrained(system: str, settings: Settings, seed: int) -> GPT | LSTMLanguageModel:
    """The model of a system with random weights."""
    vocab_size = reading_of(settings).of(seed).tokenizer.vocab_size
    return architecture_of(system, settings).untrained(vocab_size, seed)


def start(
    system: str, settings: Settings, seed: int, pretrained: Checkpoint | None, device: str
) -> LastTokenClassifier:
    """A classifier before finetuning: the body pretrained or random, the last layer random."""
    model = untrained(system, settings, seed)
    if pretrained is not None and system == VECTORS:
        vectors = SkipGram(len(model.token_embedding.weight), model.config.d_model)
        load_checkpoint(pretrained.folder / MODEL, vectors)
        # Scaled to the norm of the random start's vectors, because the rest of the LSTM is initialised for that scale.
        table, old = vectors.centre.weight.data, model.token_embedding.weight.data
        model.token_embedding.weight.data = table * (np.linalg.norm(old) / np.linalg.norm(table))
    elif pretrained is not None:
        load_checkpoint(pretrained.folder / MODEL, model)
    generator = np.random.default_rng([seed, 4])
    return LastTokenClassifier(model, model.config.d_model, len(sentiment.LABELS), generator).to(device)
