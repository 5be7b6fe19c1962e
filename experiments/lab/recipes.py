"""Recipes: what decides which pretrained model it is. The architecture and size, the objective, the text, the training.

decoder = Architecture(GPT, GPTConfig(870, n_positions=64, d_model=64, n_layers=2, n_heads=2))
recipe = Recipe(decoder, causal_lm, Reading(n_tokens=16_000_000), Pretraining(steps=900, lr=3e-3), from_the_left)
record = recipe.train(folder, seed, "cpu")     # recipe.untrained(seed) is the model before
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lab.document_nsp import DocumentMLMWithNextSentence, next_sentence_accuracy
from experiments.lab.document_objectives import DocumentBiLM, DocumentLM, DocumentMLM
from experiments.lab.filling import Fill, accuracy_of
from experiments.lab.objectives import Objective
from experiments.lab.pretraining import Pretraining, pretrain
from experiments.lab.probes import Probe
from experiments.lab.windows import unigram_entropy
from experiments.lab.word_vectors import SkipGramSettings, pretrain_word_vectors
from experiments.lab.worlds import Reading
from experiments.running.progress import Bar
from experiments.text.toy_world.tasks.blanks import CLUE_AFTER, CLUE_BEFORE, SKILLS, draw
from experiments.text.toy_world.vocabulary import CLS, MASK, SEP, SPECIAL_TOKENS, tokenizer
from experiments.text.toy_world.world import World
from models.word_vectors import SkipGram

N_PROBES = 100
"""Blanks of each kind, from dev texts, that are filled in along pretraining."""
N_HELD_OUT = 10_000
"""Tokens of other documents on which next-sentence prediction is observed."""


@dataclass(frozen=True)
class Architecture:
    """A model's class and its config: its size, and that of the vocabulary."""

    model: Callable[[Any, np.random.Generator], Any]
    config: Any

    @property
    def name(self) -> str:
        """`GPT, width 64, layers 3`."""
        return f"{named(self.model)}, width {self.config.d_model}, layers {self.config.n_layers}"

    def untrained(self, seed: int) -> Any:
        """The model with random weights."""
        return self.model(self.config, np.random.default_rng([seed, 3]))


@dataclass(frozen=True)
class Recipe:
    """A model, pretrained on a world's text.

    Attributes:
        objective: makes the objective from the reading and the seed: a function, such as `causal_lm`, or a frozen
            dataclass with `__call__` if there are numbers to choose, such as a masking rate.
        fill: how the model fills in the blanks with which pretraining is observed.
    """

    architecture: Architecture
    objective: Callable[[Reading, int], Objective]
    reading: Reading
    training: Pretraining
    fill: Fill

    @property
    def name(self) -> str:
        """`GPT, width 64, layers 3, causal_lm, 900 steps, learning rate 0.003`."""
        how = f"{self.training.last_step} steps, learning rate {self.training.lr:g}"
        return f"{self.architecture.name}, {named(self.objective)}, {how}"

    def untrained(self, seed: int) -> Any:
        """The model with random weights."""
        return self.architecture.untrained(seed)

    def tokens_read(self, seed: int) -> int:
        """How many tokens of text the training reads, those of every pass counted."""
        text, passes = self.reading.ids(seed), self.training.last_step / self.reading.documents(seed).steps_per_pass
        return round(len(text) * passes)

    def train(self, folder: Path, seed: int, device: str) -> dict[str, Any]:
        """See `pretrain`. The record also has the entropy of the tokens' frequencies."""
        entropy = unigram_entropy(self.reading.ids(seed))
        model, objective = self.untrained(seed).to(device), self.objective(self.reading, seed)
        probes = probes_of(self.fill, seed)
        if isinstance(objective, DocumentMLMWithNextSentence):
            held_out = replace(objective, documents=self.reading.held_out(seed, N_HELD_OUT))
            probes["next sentence"] = next_sentence_accuracy(held_out, range(held_out.documents.steps_per_pass))
        what = f"{self.architecture.name}, {shown(self.objective)}, learning rate {self.training.lr:g}"
        with Bar(self.training.last_step, f"pretraining {what}, seed {seed}") as bar:
            record = pretrain(model, objective, self.training, folder, bar, probes, entropy)
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

    def untrained(self, seed: int) -> SkipGram:
        """The vectors as they start."""
        return SkipGram(tokenizer().vocab_size, self.d_model, np.random.default_rng([seed, 3]))

    def tokens_read(self, seed: int) -> int:
        """How many tokens of text the training reads: all of it, once."""
        return len(self.reading.ids(seed))

    def train(self, folder: Path, seed: int, device: str) -> dict[str, Any]:
        """See `pretrain_word_vectors`."""
        ids = self.reading.ids(seed)
        vectors = self.untrained(seed).to(device)
        with Bar(len(ids), f"pretraining {self.name}, seed {seed}", "token") as bar:
            return pretrain_word_vectors(vectors, ids, self.training, seed, folder, bar)


def probes_of(fill: Fill, seed: int) -> dict[str, Probe]:
    """The blanks with which pretraining is observed: their kinds, and for those with the clue after, "fact, after"."""
    world, probes = World(seed), {}
    for kinds, after in ((CLUE_BEFORE, ""), (CLUE_AFTER, ", after"), (SKILLS, "")):
        for kind in kinds:
            probes[f"{kind}{after}"] = accuracy_of(fill, draw(world, kinds, kind, N_PROBES, "dev"))
    return probes


def causal_lm(reading: Reading, seed: int) -> DocumentLM:
    """Every token from those before it: GPT, LSTM."""
    return DocumentLM(reading.documents(seed))


def bidirectional_lm(reading: Reading, seed: int) -> DocumentBiLM:
    """Every token from those before it, and from those after it: ELMo."""
    return DocumentBiLM(reading.documents(seed))


@dataclass(frozen=True)
class MaskedLM:
    """Hidden tokens from the rest: BERT.

    Attributes:
        rate, replace, spans: see `DocumentMLM`.
        too_easy: words that are never predicted, because they are easy to predict and teach little. They are hidden
            only inside a span.
    """

    rate: float = 0.15
    replace: tuple[float, float, float] = (0.8, 0.1, 0.1)
    spans: bool = False
    too_easy: tuple[str, ...] = ()

    def __str__(self) -> str:
        """`MaskedLM at 15%, 80/10/10`, for progress bars."""
        shares = "/".join(f"{100 * share:g}" for share in self.replace)
        return f"{type(self).__name__} at {100 * self.rate:g}%, {shares}{', spans' if self.spans else ''}"

    def __call__(self, reading: Reading, seed: int) -> DocumentMLM:
        ids = tokenizer().ids
        return DocumentMLM(
            reading.documents(seed),
            seed,
            cls_id=ids[CLS],
            sep_id=ids[SEP],
            mask_id=ids[MASK],
            vocab_size=tokenizer().vocab_size,
            sentence_ends=(ids["."], ids["?"]),
            never_predicted=[ids[token] for token in (*SPECIAL_TOKENS, *self.too_easy)],
            rate=self.rate,
            replace=self.replace,
            spans=self.spans,
        )


@dataclass(frozen=True)
class MaskedLMAtExactRate(MaskedLM):
    """The same, but the rate is the share of a batch's tokens, not of each document's, and so is exact at every rate.

    Of the ten or so tokens of a document that may be hidden, one at least is, which is 10% even at a rate of 5%.
    """

    def __call__(self, reading: Reading, seed: int) -> DocumentMLM:
        return replace(super().__call__(reading, seed), whole_batch=True)


@dataclass(frozen=True)
class MaskedLMWithNextSentence(MaskedLM):
    """The same, and whether a document's second segment is its own: see `document_nsp.py`.

    The losses in the record are the sum of both tasks' losses, and the targets are the hidden tokens alone. The probes
    include "next sentence", the accuracy on documents that pretraining does not read.
    """

    def __call__(self, reading: Reading, seed: int) -> DocumentMLMWithNextSentence:
        return DocumentMLMWithNextSentence(**vars(super().__call__(reading, seed)))


@dataclass(frozen=True)
class MaskedLMWithNextSentenceAtExactRate(MaskedLMWithNextSentence, MaskedLMAtExactRate):
    """Next-sentence prediction, with the rate of `MaskedLMAtExactRate`."""


def named(part: Any) -> str:
    """The name of a class or a function; of another object, what tells it from others."""
    return getattr(part, "__name__", None) or repr(part)


def shown(part: Any) -> str:
    """The same, but shorter where an object has a shorter form."""
    return getattr(part, "__name__", None) or str(part)
