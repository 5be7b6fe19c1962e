"""Pretraining word vectors: one pass over a stream of ids (circa 2017).

The pairs are drawn from a generator, whose state is saved in the checkpoint.
"""

import copy
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lab.training import Training, averages
from experiments.running.progress import Bar
from minigrad import optim
from minigrad.checks import number, whole_number
from models.word_vectors import SkipGram, skip_gram_batches, subsample

CHUNK = 1 << 16  # tokens whose pairs are drawn at a time


@dataclass(frozen=True)
class SkipGramSettings:
    """How word vectors are pretrained: Adam, one pass over the stream, a learning rate that falls to 0."""

    lr: float = 2e-3
    window: int = 5
    n_negatives: int = 5
    batch_size: int = 4096
    subsample: float = 1e-3  # tokens that are more frequent than this share are dropped at random

    def __post_init__(self) -> None:
        for name in ("window", "n_negatives", "batch_size"):
            whole_number(name, getattr(self, name), at_least=1)
        number("lr", self.lr, at_least=0)
        number("subsample", self.subsample, above=0)


def pretrain_word_vectors(
    model: SkipGram, ids: np.ndarray, settings: SkipGramSettings, seed: int, folder: Path, bar: Bar
) -> dict[str, Any]:
    """Train on the pairs of the stream, and write the vectors to `folder / "model.safetensors"`.

    The bar counts tokens. Returns the loss in nats per pair, averaged over each fiftieth of the run, and the
    number of pairs.

    Raises:
        ValueError: if the stream has fewer than two tokens, and so no pair.
    """
    if len(ids) < 2:
        raise ValueError(f"ids must hold at least 2 tokens, got {len(ids)}")
    optimizer = optim.Adam(model.parameters(), lr=settings.lr)
    generator = np.random.default_rng([seed, 1])
    vocab_size = len(model.centre.weight)
    losses, n_pairs = [], 0
    first, done = 0, 0  # the current chunk starts at token `first`; `done` of its batches are finished
    training = Training(folder, model, optimizer, generator)
    if (saved := training.resume(lambda saved: _is_a_place(saved.metadata, len(ids)))) is not None:
        first, done, n_pairs = (saved.metadata[name] for name in ("first", "done", "n_pairs"))
        losses = saved.metadata["losses"]
        bar.resume_at(first)
    for start in range(first, len(ids), CHUNK):  # pairs across chunk borders are not used
        training.generator = copy.deepcopy(generator)  # a run that resumes draws the chunk's pairs again
        text = ids[start : start + CHUNK]
        optimizer.lr = settings.lr * (1 - start / len(ids))
        batches = skip_gram_batches(
            subsample(text, settings.subsample, generator),
            vocab_size,
            settings.window,
            settings.n_negatives,
            settings.batch_size,
            generator,
        )
        for centres, contexts, negatives in islice(batches, done, None):
            loss = model(centres, contexts, negatives)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            n_pairs += len(centres)
            done += 1
            if training.is_due():
                training.save(len(losses), {"losses": losses, "n_pairs": n_pairs, "first": start, "done": done})
        done = 0
        bar.update(len(text))
        bar.set_postfix(loss=losses[-1])
    training.finish(len(losses))
    return {"losses": averages(losses), "pairs": n_pairs}


def _is_a_place(metadata: dict[str, Any], n_tokens: int) -> bool:
    """Whether a checkpoint's metadata are those of such a training."""
    place: list[Any] = [metadata.get(name) for name in ("first", "done", "n_pairs")]
    if not all(type(value) is int and value >= 0 for value in place):
        return False
    first, done, _ = place
    return first % CHUNK == 0 and first < n_tokens and done <= len(metadata["losses"])
