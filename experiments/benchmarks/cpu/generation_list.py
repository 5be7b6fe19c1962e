"""The generation tasks. This module has only numbers, so that every contender can import it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.benchmarks.cpu.sizes import DISPLAY, SIZES, Size


@dataclass(frozen=True)
class Task:
    """A model continues a batch of prompts by `new_tokens` tokens; T5 reads the prompts in its encoder."""

    model: str  # "gpt" or "t5"
    size: Size  # its length is the longest text, its batch_size that of the prompts
    prompt: int
    new_tokens: int

    @property
    def name(self) -> str:
        """`GPT d256, batch 16`."""
        return f"{DISPLAY[self.model]} d{self.size.d_model}, batch {self.size.batch_size}"

    def ids(self) -> np.ndarray:
        """The prompts, (B, T), without token 0, the padding."""
        shape = self.size.batch_size, self.prompt
        return np.random.default_rng(0).integers(1, self.size.vocab_size, size=shape)

    def folder(self, root: str) -> Path:
        """The model's folder, the same for all its tasks."""
        return Path(root) / f"{self.model}-{self.size.d_model}"


GPT2_SMALL = Size(vocab_size=50257, length=1024, d_model=768, n_layers=12, n_heads=12, batch_size=1)
NARROW = [replace(SIZES["L"], length=256, batch_size=batch_size) for batch_size in (1, 16)]
TASKS = [Task(model, size, prompt=32, new_tokens=128) for model in ("gpt", "t5") for size in NARROW]
ALONE = Task("gpt", GPT2_SMALL, prompt=8, new_tokens=48)
"""GPT-2 small with batch size 1: memory bandwidth decides the speed."""


def task_from(numbers: dict[str, Any]) -> Task:
    """A task from its JSON."""
    return Task(**{**numbers, "size": Size(**numbers["size"])})
