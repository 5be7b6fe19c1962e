"""The pretraining loop that the experiments share: batches, steps, progress, and going on after a kill.

A batch is a pure function of the step number, so the step is the whole data cursor: a run that was killed
takes up its last checkpoint and ends with the same bits as one that was not.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.running.progress import Bar
from minigrad import load_checkpoint, nn, ops, optim, save_checkpoint
from models.objectives.causal_lm import causal_lm
from models.word_vectors import SkipGram, skip_gram_batches, subsample
from tokenizer import ByteLevelBPE

END_OF_TEXT = "<|endoftext|>"
SECONDS_BETWEEN_CHECKPOINTS = 20.0


@dataclass(frozen=True)
class LMSettings:
    """How a language model is pretrained: AdamW, gradients clipped at norm 1, warm-up and cosine to a tenth."""

    steps: int
    lr: float
    batch_size: int = 16
    context: int = 64
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.1  # of matrices

    @property
    def tokens(self) -> int:
        """How many tokens the model predicts in all."""
        return self.steps * self.batch_size * self.context


def token_stream(tokenizer: ByteLevelBPE, texts: Sequence[str]) -> np.ndarray:
    """The texts as one array of ids, an end-of-text token before each.

    A text starts with a space, so that its first word is the same token as in the middle of a sentence.
    """
    return np.array(tokenizer.encode("".join(f"{END_OF_TEXT} {text}" for text in texts)))


class Windows:
    """A stream of ids cut into rows of context + 1, in an order drawn anew for each pass.

    Neighbouring rows share one token: the label of one row's end is the next row's first input.
    """

    def __init__(self, ids: np.ndarray, context: int, batch_size: int, seed: int) -> None:
        self.context, self.batch_size, self.seed = context, batch_size, seed
        n_rows = (len(ids) - 1) // context
        if n_rows < batch_size:
            raise ValueError(f"ids: {len(ids)} tokens are too few for a batch of {batch_size} rows of {context + 1}")
        self.rows = np.lib.stride_tricks.sliding_window_view(ids, context + 1)[::context][:n_rows]
        self.batches_a_pass = n_rows // batch_size
        self._pass, self._order = -1, np.empty(0, np.int64)

    def batch(self, step: int) -> np.ndarray:
        """The rows of a step: (batch_size, context + 1)."""
        current, position = divmod(step, self.batches_a_pass)
        if current != self._pass:
            self._pass = current
            self._order = np.random.default_rng([self.seed, current]).permutation(len(self.rows))
        return self.rows[self._order[position * self.batch_size : (position + 1) * self.batch_size]]


def unigram_entropy(ids: np.ndarray) -> float:
    """The loss, in nats per token, of knowing only how often each token occurs."""
    counts = np.bincount(ids)
    shares = counts[counts > 0] / len(ids)
    return float(-(shares * np.log(shares)).sum())


def pretrain_language_model(
    model: nn.Module, ids: np.ndarray, settings: LMSettings, seed: int, folder: Path, bar: Bar
) -> dict[str, Any]:
    """Train on the stream and leave the weights in `folder / "model.safetensors"`.

    Returns the loss in nats per token, averaged over each fiftieth of the run, and the unigram entropy.
    """
    groups = matrices_decay(model, settings.weight_decay)
    optimizer = optim.AdamW(groups, lr=settings.lr, betas=(0.9, 0.95))
    windows = Windows(ids, settings.context, settings.batch_size, seed)
    entropy = unigram_entropy(ids)
    unfinished = folder / "unfinished.safetensors"
    step, losses = 0, []
    if unfinished.exists():
        saved = load_checkpoint(unfinished, model, optimizer)
        step, losses = saved.step, saved.metadata["losses"]
        bar.resume_at(step)
    saved_at = time.monotonic()
    while step < settings.steps:
        inputs, labels = causal_lm(windows.batch(step))
        loss = ops.cross_entropy(model(inputs), labels)
        loss.backward()
        optim.clip_grad_norm(optimizer.params, 1.0)
        optimizer.lr = settings.lr * optim.warmup_cosine(
            step + 1, round(settings.warmup * settings.steps), settings.steps, final=0.1
        )
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        losses.append(loss.item())
        bar.update()
        bar.set_loss(losses[-1], entropy)
        if time.monotonic() - saved_at > SECONDS_BETWEEN_CHECKPOINTS:
            save_checkpoint(unfinished, model, optimizer, step=step, metadata={"losses": losses})
            saved_at = time.monotonic()
    save_checkpoint(folder / "model.safetensors", model, step=step)
    unfinished.unlink(missing_ok=True)
    return {"losses": averages(losses), "unigram_entropy": entropy}


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


def matrices_decay(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups in which only matrices decay: biases and norms have nothing to gain from it."""
    matrices = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    vectors = [parameter for parameter in model.parameters() if parameter.ndim < 2]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def averages(losses: list[float], parts: int = 50) -> list[float]:
    """The mean of each of (at most) `parts` equal stretches."""
    return [float(np.mean(part)) for part in np.array_split(losses, min(parts, len(losses)))]
