"""The zoo: the pretrained models that all tables share. Pretrain once, finetune and probe many times.

    start = pretrained(work, FULL.gpt, seed)    # another table that asks for the same gets the same checkpoint
    model = load(FULL.gpt, start, seed)

All models of a seed read the same text, in the same order, with the same vocabulary, for the same number of steps.
Along the way they fill in blanks, which shows when each has learnt what, and their weights are kept by targets seen.

A checkpoint belongs to the recipe, the seed and the device, whichever table asks for it, and under whatever key. Those
of seed 0 come with the package, in `models/toy/`; `--fresh` trains them instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from experiments.evidence.plain import plain
from experiments.lab.filling import at_the_mask, from_both_sides, from_the_left
from experiments.lab.pretraining import Pretraining, kept
from experiments.lab.recipes import Architecture, MaskedLM, Recipe, WordVectorRecipe, bidirectional_lm, causal_lm
from experiments.lab.training import MODEL
from experiments.lab.word_vectors import SkipGramSettings
from experiments.lab.worlds import EOS_ID, START_ID, Reading
from experiments.running.work import Checkpoint, Work
from experiments.text.toy_world.vocabulary import tokenizer
from minigrad import load_checkpoint, nn, save_checkpoint
from models.bert import BERT, BERTConfig
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.pretrained import toy
from models.pretrained.folder import CONFIG

INSTALLED_SEED = 0
VOCAB_SIZE, N_POSITIONS = tokenizer().vocab_size, 64


class Pretrained(Protocol):
    """What the zoo asks of a recipe. It is a frozen dataclass: its fields, by value, decide which checkpoint it is."""

    @property
    def name(self) -> str:
        """What tables and progress bars call it."""

    @property
    def reading(self) -> Reading:
        """What it reads."""

    def untrained(self, seed: int) -> Any:
        """The model with random weights."""

    def tokens_read(self, seed: int) -> int:
        """How many tokens of text the training reads, those of every pass counted."""

    def train(self, folder: Path, seed: int, device: str) -> dict[str, Any]:
        """Train it on a seed's text, leave the weights in the folder, and return the record of the training."""


# -- checkpoints ------------------------------------------------------------------------------------


def pretrained(work: Work, recipe: Pretrained, seed: int, key: str | None = None) -> Checkpoint:
    """The checkpoint of a recipe with a seed: installed, found, or trained now.

    Args:
        key: the table's name for the checkpoint; None means the recipe's name. The checkpoint is found without it.
    """
    key = key or f"pretraining: {recipe.name}"
    if not work.request.fresh and (installed := installed_checkpoint(recipe, seed)) is not None:
        return work.installed(key, installed, seed)
    return trained(work, recipe, seed, key)


def trained(work: Work, recipe: Pretrained, seed: int, key: str) -> Checkpoint:
    """The same, but never the installed one."""
    text = recipe.reading.fingerprint(seed)  # a genre that changes makes another text, and other checkpoints
    return work.checkpoint(key, train, recipe, seed, work.device, text, seed=seed)


def train(folder: Path, recipe: Pretrained, seed: int, device: str, text: str) -> dict[str, Any]:
    """Train a recipe's model with a seed, and leave it in the folder. `text` is the fingerprint of what it reads."""
    return recipe.train(folder, seed, device) | {"text": text, "tokens_read": recipe.tokens_read(seed)}


def tokens_read(starts: Iterable[Checkpoint]) -> int:
    """How many tokens of text the trainings of some checkpoints have read together."""
    return sum(start.record["tokens_read"] for start in starts)


def load(recipe: Pretrained, start: Checkpoint, seed: int) -> Any:
    """The model of a recipe's checkpoint."""
    model: nn.Module = recipe.untrained(seed)
    if (start.folder / CONFIG).exists():  # an installed one, in Hugging Face's layout
        return type(model).from_pretrained(start.folder)  # type: ignore[attr-defined]
    load_checkpoint(start.folder / MODEL, model)
    return model


def installed_checkpoint(recipe: Pretrained, seed: int) -> Checkpoint | None:
    """The checkpoint that comes with the package, if the recipe, the seed and the text are those of its training."""
    name = FULL.name_of(recipe)
    if name is None or seed != INSTALLED_SEED or not (toy.INSTALLED / name / toy.RECORD).exists():
        return None
    record = toy.read_record(toy.INSTALLED / name)
    if record["recipe"] != described(recipe) or record["text"] != recipe.reading.fingerprint(seed):
        return None
    return Checkpoint(toy.INSTALLED / name, record)


def at_targets(folder: Path, recipe: Recipe, start: Checkpoint, targets: int, seed: int) -> dict[str, Any]:
    """Leave in the folder the weights that a model had along its training, when it had seen about so many targets: of
    those that pretraining kept, and those of the end, the nearest.

    Returns:
        the record of the training until then: targets, steps, tokens_read and probes.
    """
    files = {n: kept(start.folder, n) for n in recipe.training.keep_at}
    found = {n: path for n, path in files.items() if path.exists()}
    found[start.record["targets"]] = start.folder / MODEL
    model = recipe.untrained(seed)
    saved = load_checkpoint(found[min(found, key=lambda n: abs(n - targets))], model)
    save_checkpoint(folder / MODEL, model, step=saved.step, metadata=saved.metadata)
    return {
        "targets": saved.metadata["targets"],
        "steps": saved.step,
        "tokens_read": round(start.record["tokens_read"] * saved.step / recipe.training.last_step),
        "probes": [look for look in start.record["probes"] if look["steps"] <= saved.step],
    }


def described(recipe: Pretrained) -> dict[str, Any]:
    """A recipe as JSON, with functions and classes by their names."""
    description: dict[str, Any] = plain(recipe)
    return description


# -- its members ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Zoo:
    """The recipes: two decoders, two encoders, ELMo, an LSTM, and word vectors."""

    gpt: Recipe
    gpt_large: Recipe
    bert: Recipe
    bert_large: Recipe
    elmo: Recipe
    lstm: Recipe
    vectors: WordVectorRecipe

    @property
    def members(self) -> Mapping[str, Pretrained]:
        """Name → recipe. The names are those of the installed models."""
        return {f"toy-{field.name.replace('_', '-')}": getattr(self, field.name) for field in fields(self)}

    def name_of(self, recipe: Pretrained) -> str | None:
        """The name of a member, or None."""
        return next((name for name, member in self.members.items() if member == recipe), None)


def zoo(reading: Reading, steps: int, small: tuple[int, int, int], large: tuple[int, int, int]) -> Zoo:
    """A zoo whose members all read the same text for the same number of steps.

    Args:
        small, large: the width, the number of layers, and the number of heads of a decoder and an encoder.
    """

    def decoder(size: tuple[int, int, int], lr: float) -> Recipe:
        width, n_layers, n_heads = size
        config = GPTConfig(VOCAB_SIZE, N_POSITIONS, width, n_layers, n_heads, bos_id=START_ID, eos_id=EOS_ID)
        return Recipe(Architecture(GPT, config), causal_lm, reading, settings(lr), from_the_left)

    def encoder(size: tuple[int, int, int], lr: float) -> Recipe:
        width, n_layers, n_heads = size
        config = BERTConfig(VOCAB_SIZE, N_POSITIONS, width, n_layers, n_heads)
        return Recipe(Architecture(BERT, config), MASKED_LM, reading, settings(lr, beta2=0.98), at_the_mask)

    def settings(lr: float, beta2: float = 0.95) -> Pretraining:
        return Pretraining(
            steps, lr, warmup=0.025, betas=(0.9, beta2), probe_every=max(steps // 40, 1), keep_at=KEEP_AT
        )

    elmo = Architecture(BiLSTMLanguageModel, BiLSTMConfig(VOCAB_SIZE, small[0], n_layers=2))
    lstm = Architecture(LSTMLanguageModel, LSTMConfig(VOCAB_SIZE, 2 * small[0]))
    return Zoo(
        gpt=decoder(small, 3e-3),
        gpt_large=decoder(large, 2e-3),
        bert=encoder(small, 3e-3),
        bert_large=encoder(large, 2e-3),
        elmo=Recipe(elmo, bidirectional_lm, reading, settings(1.5e-2), from_both_sides),
        lstm=Recipe(lstm, causal_lm, reading, settings(1.2e-2), from_the_left),
        vectors=WordVectorRecipe(2 * small[0], reading, SkipGramSettings(3e-3)),
    )


KEEP_AT = (1_000_000, 2_000_000, 4_000_000, 6_000_000, 8_000_000, 16_000_000)
MASKED_LM = MaskedLM(rate=0.25, too_easy=(".", ",", "?", ":", "a", "the"))
"""More is hidden than in BERT, and only what teaches something: an encoder learns from the targets alone."""

FULL = zoo(Reading(16_000_000), steps=20_000, small=(64, 2, 2), large=(96, 3, 3))
