"""What is compared: one decoder, trained on each domain alone and on a mixture, at equal tokens. Tokens are bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lab.flops import gpt_flops
from experiments.lab.objectives import CausalLM
from experiments.lab.pretraining import Pretraining, pretrain
from experiments.lab.probes import Probe
from experiments.lab.sweep import positive_choices
from experiments.lab.training import MODEL
from experiments.lab.windows import rows_of_step, unigram_entropy
from experiments.running.progress import Bar
from experiments.running.work import Checkpoint
from experiments.tables.data_table.domains import DOMAINS, held_out_windows, training_windows
from minigrad import load_checkpoint, ops
from minigrad.checks import whole_number
from models.generation import WithoutCache, generate
from models.gpt import GPT, GPTConfig
from models.sampling import Sampling

MIXTURE = "mixture"
SYSTEMS = (*DOMAINS, MIXTURE)


@dataclass(frozen=True)
class Learner:
    """The decoder, what it reads, and how.

    Attributes:
        n_windows: of training text, for every system; of the mixture's, every domain has an equal part.
        n_held_out: windows of each domain on which losses are measured.
        context: bytes in a window.
        batch_size: windows in a step.
        passes: how often each window is read.
        looks: how often the held-out losses are measured along the training.
    """

    n_windows: int = 4_000
    n_held_out: int = 400
    context: int = 64
    batch_size: int = 8
    passes: int = 4
    looks: int = 10
    d_model: int = 48
    n_layers: int = 2
    n_heads: int = 2

    def __post_init__(self) -> None:
        for name in ("n_windows", "n_held_out", "context", "batch_size", "passes", "looks"):
            whole_number(name, getattr(self, name), at_least=1)
        if self.n_windows % len(DOMAINS):
            raise ValueError(f"n_windows must be a multiple of {len(DOMAINS)}, the domains, got {self.n_windows}")
        if self.n_windows < self.batch_size:
            raise ValueError(f"n_windows must be at least batch_size, {self.batch_size}, got {self.n_windows}")

    @property
    def config(self) -> GPTConfig:
        """Every byte is a token. Rotary positions, and an output layer of its own that starts at zero."""
        return GPTConfig(
            256,
            self.context,
            self.d_model,
            self.n_layers,
            self.n_heads,
            positions="rotary",
            tied_head=False,
            zero_init_head=True,
        )

    @property
    def steps(self) -> int:
        """Of the training."""
        return self.passes * (self.n_windows // self.batch_size)

    @property
    def tokens(self) -> int:
        """Read by the training, those of every pass counted."""
        return self.steps * self.batch_size * self.context

    @property
    def flops(self) -> float:
        """Of the training."""
        return gpt_flops(self.config, self.tokens, self.context)

    def untrained(self, seed: int) -> GPT:
        """The model with random weights."""
        return GPT(self.config, np.random.default_rng([seed, 3]))


@dataclass(frozen=True)
class Settings:
    """A seed decides which documents are held out, which windows are drawn, and the weights at the start.

    Attributes:
        lrs: the learning rates that are tried, each divided by d_model.
        vocab_size: of the tokenizer for the table of counts.
    """

    seeds: int
    learner: Learner
    lrs: tuple[float, ...]
    vocab_size: int = 2048
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in ("seeds", "vocab_size", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        positive_choices("lrs", self.lrs, "learning rate")

    @property
    def learning_rates(self) -> tuple[float, ...]:
        """As the optimizer takes them."""
        return tuple(lr / self.learner.d_model for lr in self.lrs)


@dataclass(frozen=True)
class Shuffled:
    """Windows (N, T + 1) in batches; every pass has another order."""

    windows: np.ndarray
    batch_size: int
    seed: int

    def batch(self, step: int) -> np.ndarray:
        """The windows of a step, (B, T + 1)."""
        return self.windows[rows_of_step(step, len(self.windows), self.batch_size, self.seed)]


def train(
    folder: Path, system: str, learner: Learner, lr: float, corpus: Mapping[str, Any], seed: int, device: str
) -> dict[str, Any]:
    """Train a system with a seed, and measure its loss on every domain's held-out text along the way.

    Args:
        corpus: what identifies the text (`domains.describe`).

    Returns:
        the record of `pretrain`, whose probes are the losses in nats per byte, one for each domain. The last ones are
        those of the trained model.
    """
    text = training_windows(seed, system, learner.context, learner.n_windows)
    settings = Pretraining(learner.steps, lr, probe_every=max(learner.steps // learner.looks, 1))
    probes: dict[str, Probe] = {
        domain: partial(loss, windows=held_out_windows(seed, domain, learner.context, learner.n_held_out))
        for domain in DOMAINS
    }
    objective = CausalLM(Shuffled(text, learner.batch_size, seed))
    entropy = unigram_entropy(text[:, 1:].ravel())
    with Bar(learner.steps, f"pretraining on {system}, learning rate {lr:.3g}, seed {seed}") as bar:
        return pretrain(learner.untrained(seed).to(device), objective, settings, folder, bar, probes, entropy)


def loss(model: GPT, windows: np.ndarray, at_once: int = 100) -> float:
    """The mean loss on windows (N, T + 1), in nats per byte."""
    total = 0.0
    for first in range(0, len(windows), at_once):
        some = windows[first : first + at_once].astype(np.int64)
        total += len(some) * ops.cross_entropy(model(some[:, :-1]), some[:, 1:]).item()
    return total / len(windows)


def final_losses(trained: Checkpoint) -> dict[str, float]:
    """Domain → the trained model's loss on its held-out text, in nats per byte."""
    last = trained.record["probes"][-1]
    return {domain: last[domain] for domain in DOMAINS}


def average(losses: Mapping[str, float]) -> float:
    """The mean over all domains, each with the same weight."""
    return float(np.mean([losses[domain] for domain in DOMAINS]))


def trial(trained: Checkpoint) -> dict[str, float]:
    """What the choice of a learning rate looks at: the likelihood of all domains' held-out text, and all losses."""
    losses = final_losses(trained)
    return {"log_likelihood": -average(losses), "loss": average(losses), **losses}


def sample(trained: Checkpoint, learner: Learner, seed: int, device: str) -> dict[str, Any]:
    """Five texts of a window's length that a trained model writes."""
    model = learner.untrained(seed)
    load_checkpoint(trained.folder / MODEL, model)
    beginning = np.zeros((5, 1), np.int64)  # the byte before each document
    ids = generate(WithoutCache(model.to(device)), beginning, learner.context - 1, Sampling(temperature=0.7), seed=seed)
    texts = [bytes(row[1:].tolist()).decode("utf-8", "replace").replace("\0", "\n") for row in ids]
    return {"text": "\n---\n".join(texts)}
