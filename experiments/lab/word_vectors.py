"""Pretraining word vectors: one pass over a stream of ids (circa 2017)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lab.pretraining import averages
from experiments.running.progress import Bar
from minigrad import optim, save_checkpoint
from models.word_vectors import SkipGram, skip_gram_batches, subsample


@dataclass(frozen=True)
class SkipGramSettings:
    """How word vectors are pretrained: Adam, one pass over the stream, learning rate falling to 0."""

    lr: float = 2e-3
    window: int = 5
    n_negatives: int = 5
    batch_size: int = 4096
    subsample: float = 1e-3  # tokens more frequent than this share are thinned out


def pretrain_word_vectors(
    model: SkipGram, ids: np.ndarray, settings: SkipGramSettings, seed: int, folder: Path, bar: Bar
) -> dict[str, Any]:
    """Train on the pairs of the stream and leave the vectors in `folder / "model.safetensors"`.

    The bar counts tokens. Returns the loss in nats per pair, averaged over each fiftieth of the run, and the
    number of pairs. A run that was killed starts anew: it is short.
    """
    optimizer = optim.Adam(model.parameters(), lr=settings.lr)
    generator = np.random.default_rng([seed, 1])
    vocab_size = len(model.centre.weight)
    losses, n_pairs, chunk = [], 0, 1 << 16
    for start in range(0, len(ids), chunk):  # a few pairs across the chunks' borders are not seen
        text = ids[start : start + chunk]
        optimizer.lr = settings.lr * (1 - start / len(ids))
        batches = skip_gram_batches(
            subsample(text, settings.subsample, generator),
            vocab_size,
            settings.window,
            settings.n_negatives,
            settings.batch_size,
            generator,
        )
        for centres, contexts, negatives in batches:
            loss = model(centres, contexts, negatives)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            n_pairs += len(centres)
        bar.update(len(text))
        bar.set_postfix(loss=losses[-1])
    save_checkpoint(folder / "model.safetensors", model, step=len(losses))
    return {"losses": averages(losses), "pairs": n_pairs}
