"""The pretraining loops that the experiments share: batches, steps, progress, and resuming after a kill.

A run that was killed takes up its last checkpoint and ends with the same bits as one that was not. A language model's
batch is a pure function of the step number, so the step is the whole data cursor. Word vectors draw their pairs from
a generator, whose state is a part of the checkpoint.
"""

import copy
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from experiments.folders import remove
from experiments.progress import Bar
from minigrad import load_checkpoint, nn, ops, optim, random, save_checkpoint
from minigrad.checkpoint import Checkpoint
from minigrad.checks import number, whole_number
from minigrad.errors import CheckpointError
from models.objectives.causal_lm import causal_lm
from models.word_vectors import SkipGram, skip_gram_batches, subsample
from tokenizer import ByteLevelBPE

END_OF_TEXT = "<|endoftext|>"
SECONDS_BETWEEN_CHECKPOINTS = 20.0
CHUNK = 1 << 16  # tokens whose pairs are drawn at a time


@dataclass(frozen=True)
class LMSettings:
    """How a language model is pretrained: AdamW, gradients clipped at norm 1, warm-up and cosine to a tenth."""

    steps: int
    lr: float
    batch_size: int = 16
    context: int = 64
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.1  # of matrices

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "context"):
            whole_number(name, getattr(self, name), at_least=1)
        number("lr", self.lr, at_least=0)
        number("warmup", self.warmup, at_least=0, at_most=1)
        number("weight_decay", self.weight_decay, at_least=0)

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
    training = Training(folder, model, optimizer)
    step, losses = 0, []
    if (saved := training.resume(lambda saved: 0 <= saved.step <= settings.steps)) is not None:
        step, losses = saved.step, saved.metadata["losses"]
        bar.resume_at(step)
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
        if training.is_due():
            training.save(step, {"losses": losses})
    training.finish(step)
    return {"losses": averages(losses), "unigram_entropy": entropy}


@dataclass(frozen=True)
class SkipGramSettings:
    """How word vectors are pretrained: Adam, one pass over the stream, learning rate falling to 0."""

    lr: float = 2e-3
    window: int = 5
    n_negatives: int = 5
    batch_size: int = 4096
    subsample: float = 1e-3  # tokens more frequent than this share are thinned out

    def __post_init__(self) -> None:
        for name in ("window", "n_negatives", "batch_size"):
            whole_number(name, getattr(self, name), at_least=1)
        number("lr", self.lr, at_least=0)
        number("subsample", self.subsample, above=0)


def pretrain_word_vectors(
    model: SkipGram, ids: np.ndarray, settings: SkipGramSettings, seed: int, folder: Path, bar: Bar
) -> dict[str, Any]:
    """Train on the pairs of the stream and leave the vectors in `folder / "model.safetensors"`.

    The bar counts tokens. Returns the loss in nats per pair, averaged over each fiftieth of the run, and the
    number of pairs.

    Raises:
        ValueError: if the stream has fewer than two tokens, which make no pair.
    """
    if len(ids) < 2:
        raise ValueError(f"ids must hold at least 2 tokens, got {len(ids)}")
    optimizer = optim.Adam(model.parameters(), lr=settings.lr)
    generator = np.random.default_rng([seed, 1])
    vocab_size = len(model.centre.weight)
    losses, n_pairs = [], 0
    first, done = 0, 0  # the chunk that is being read starts at token `first`; so many of its batches are done
    training = Training(folder, model, optimizer, generator)
    if (saved := training.resume(lambda saved: _is_a_place(saved.metadata, len(ids)))) is not None:
        first, done, n_pairs = (saved.metadata[name] for name in ("first", "done", "n_pairs"))
        losses = saved.metadata["losses"]
        bar.resume_at(first)
    for start in range(first, len(ids), CHUNK):  # a few pairs across the chunks' borders are not seen
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
    """Whether it says where in the text a training of word vectors was."""
    place: list[Any] = [metadata.get(name) for name in ("first", "done", "n_pairs")]
    if not all(type(value) is int and value >= 0 for value in place):
        return False
    first, done, _ = place
    return first % CHUNK == 0 and first < n_tokens and done <= len(metadata["losses"])


class Training:
    """The checkpoints of a training that may be killed: one now and then, one at the end.

    A training that was killed loses at most SECONDS_BETWEEN_CHECKPOINTS of work, and the step that it was in.

    Args:
        folder: gets "unfinished.safetensors" on the way and "model.safetensors" at the end.
        generator: what the training draws from besides the library's own generator.
    """

    def __init__(
        self,
        folder: Path,
        model: nn.Module,
        optimizer: optim.Optimizer,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.finished, self.unfinished = folder / "model.safetensors", folder / "unfinished.safetensors"
        self.model, self.optimizer, self.generator = model, optimizer, generator
        self._saved_at = time.monotonic()

    def resume(self, fits: Callable[[Checkpoint], bool]) -> Checkpoint | None:
        """Put the last checkpoint back, into the model, the optimizer and the generator.

        None if there is none; or if it is damaged, or not this training's: that is said on stderr, the file is
        removed, and all is as before. Its metadata have a loss for each step; `fits` checks the rest of them.
        """
        if not (self.unfinished.exists() or self.unfinished.is_symlink()):
            return None
        before = self._state()
        try:
            saved = load_checkpoint(self.unfinished, self.model, self.optimizer, generators=self._generators())
            if _has_losses(saved) and fits(saved):
                return saved
            problem = f"{self.unfinished} is the checkpoint of another training"
        except CheckpointError as error:
            problem = str(error)
        self._restore(before)
        print(f"Warning: {problem}; this training starts from its beginning.", file=sys.stderr)
        remove(self.unfinished)
        return None

    def is_due(self) -> bool:
        """Whether the last checkpoint is old enough for the next one."""
        return time.monotonic() - self._saved_at > SECONDS_BETWEEN_CHECKPOINTS

    def save(self, step: int, metadata: dict[str, Any]) -> None:
        """Write the checkpoint from which `resume` takes up the training."""
        save_checkpoint(
            self.unfinished, self.model, self.optimizer, step=step, generators=self._generators(), metadata=metadata
        )
        self._saved_at = time.monotonic()

    def finish(self, step: int) -> None:
        """Write the trained weights; the last checkpoint goes."""
        if self.finished.is_dir():
            remove(self.finished)  # no file could take its name
        save_checkpoint(self.finished, self.model, step=step)
        self.unfinished.unlink(missing_ok=True)

    def _generators(self) -> dict[str, np.random.Generator] | None:
        return None if self.generator is None else {"training": self.generator}

    def _state(self) -> tuple[Any, ...]:
        arrays = copy.deepcopy((self.model.state_dict(), self.optimizer.state_dict()))
        return *arrays, random.get_state(), copy.deepcopy(self.generator)

    def _restore(self, state: tuple[Any, ...]) -> None:
        model, optimizer, library, generator = state
        self.model.load_state_dict(model)
        self.optimizer.load_state_dict(optimizer)
        random.set_state(library)
        if self.generator is not None:
            random.set_state(random.get_state(generator), self.generator)


def _has_losses(saved: Checkpoint) -> bool:
    losses = saved.metadata.get("losses")
    return isinstance(losses, list) and len(losses) == saved.step and all(type(loss) is float for loss in losses)


def matrices_decay(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups in which only matrices decay: biases and norms have nothing to gain from it."""
    matrices = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    vectors = [parameter for parameter in model.parameters() if parameter.ndim < 2]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def averages(losses: list[float], parts: int = 50) -> list[float]:
    """The mean of each of (at most) `parts` equal stretches."""
    return [float(np.mean(part)) for part in np.array_split(losses, min(parts, len(losses)))]
