"""Training that may be killed: what all training loops share, and the checkpoints from which they resume.

A run that was killed resumes at its last checkpoint and ends with the same bits as an uninterrupted run.
"""

import copy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from experiments.running.places import remove
from minigrad import load_checkpoint, nn, optim, random, save_checkpoint
from minigrad.checkpoint import Checkpoint
from minigrad.errors import CheckpointError

SECONDS_BETWEEN_CHECKPOINTS = 20.0
MODEL, UNFINISHED = "model.safetensors", "unfinished.safetensors"


class Training:
    """The checkpoints of a training that may be killed: every SECONDS_BETWEEN_CHECKPOINTS, and at the end.

    A kill loses the work since the last checkpoint.

    Args:
        folder: for "unfinished.safetensors" during training and "model.safetensors" at the end.
        generator: what the training draws from, besides the library's own generator.
    """

    def __init__(
        self,
        folder: Path,
        model: nn.Module,
        optimizer: optim.Optimizer,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.finished, self.unfinished = folder / MODEL, folder / UNFINISHED
        self.model, self.optimizer, self.generator = model, optimizer, generator
        self._saved_at = time.monotonic()

    def resume(self, fits: Callable[[Checkpoint], bool]) -> Checkpoint | None:
        """Load the last checkpoint into the model, the optimizer and the generator.

        Returns None if there is no checkpoint. If it is damaged, or belongs to another training, a warning is printed,
        the file is removed, model, optimizer and generators keep their state, and the result is None too. A
        checkpoint's metadata hold a loss for each step; `fits` checks the rest of them.
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
        """Whether it is time for the next checkpoint."""
        return time.monotonic() - self._saved_at > SECONDS_BETWEEN_CHECKPOINTS

    def save(self, step: int, metadata: dict[str, Any]) -> None:
        """Write a checkpoint for `resume`."""
        save_checkpoint(
            self.unfinished, self.model, self.optimizer, step=step, generators=self._generators(), metadata=metadata
        )
        self._saved_at = time.monotonic()

    def finish(self, step: int, metadata: dict[str, Any] | None = None) -> None:
        """Write the trained weights, and remove the last checkpoint."""
        if self.finished.is_dir():
            remove(self.finished)  # no file could take its name
        save_checkpoint(self.finished, self.model, step=step, metadata=metadata)
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
    """Parameter groups in which only matrices decay, as usual: biases and norms do not."""
    matrices = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    vectors = [parameter for parameter in model.parameters() if parameter.ndim < 2]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def averages(losses: list[float], parts: int = 50) -> list[float]:
    """The means of at most `parts` consecutive parts of equal length."""
    return [float(np.mean(part)) for part in np.array_split(losses, min(parts, len(losses)))]
