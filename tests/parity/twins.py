"""What the comparisons of our models with transformers' have in common."""

from collections.abc import Sequence

import numpy as np

from minigrad import nn
from models.pretrained.names import Entry

TOLERANCE = 1e-4


def in_their_layout(arrays: dict[str, np.ndarray], entries: Sequence[Entry]) -> dict[str, np.ndarray]:
    """Our weights, or their gradients, under the names and in the shape in which transformers has them."""
    theirs = {}
    for entry in entries:
        array = np.concatenate([arrays[name] for name in entry.ours])
        theirs[entry.theirs] = array.T if entry.transposed else array
    return theirs


def gradients(model: nn.Module) -> dict[str, np.ndarray]:
    """The gradient of every parameter by name; zeros where none arrived."""
    named = model.named_parameters()
    return {name: np.zeros_like(p.data) if p.grad is None else p.grad for name, p in named}


def make_lively(model: nn.Module, seed: int, std: float = 0.2) -> None:
    """Random weights large enough that every part of the model matters, none of them zero or one."""
    rng = np.random.default_rng(seed)
    for name, parameter in model.named_parameters():
        around = 1 if name.endswith("norm.weight") else 0
        parameter.data = around + std * rng.standard_normal(parameter.shape, dtype=np.float32)


def padded_batch(lengths: Sequence[int], vocab_size: int, padding: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random ids and their attention mask; the padding is random tokens too, which must not matter."""
    rng = np.random.default_rng(seed)
    longest = max(lengths)
    ids = rng.integers(vocab_size, size=(len(lengths), longest))
    ends = np.full(len(lengths), longest) if padding == "none" else np.array(lengths)
    attention_mask = (np.arange(longest) < ends[:, None]).astype(np.int64)
    return ids, attention_mask[:, ::-1].copy() if padding == "left" else attention_mask
