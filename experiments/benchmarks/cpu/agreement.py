"""The check that our step and PyTorch's compute the same, without which a comparison of their times means nothing."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from experiments.benchmarks.cpu import models, torch_twins
from experiments.benchmarks.cpu.sizes import Size, batch
from minigrad import nn

TOLERANCE = 1e-3


def prepare(model: str, size: dict[str, Any], threads: int) -> dict[str, Callable[[], float]]:
    """The check as a worker's work."""
    torch.set_num_threads(threads)
    return {"check": lambda: check(model, Size(**size))}


def check(model: str, size: Size) -> float:
    """The largest difference of loss and gradients with the same weights and batch, relative to the largest value.

    Raises:
        ValueError: if it is more than 1e-3, naming the parameter.
    """
    ours, twin = models.build(model, size), torch_twins.build(model, size)
    copy_weights(ours, twin)
    arrays, names = batch(model, size), dict(twin.named_parameters())
    our_loss = models.loss(ours, arrays)
    our_loss.backward()
    twin_loss = twin(**{name: torch.from_numpy(array) for name, array in arrays.items()})
    twin_loss.backward()
    our_gradients = joined({name: np.asarray(p.grad) for name, p in ours.named_parameters()}, names)
    differences = {name: relative(our_gradients[name], np.asarray(p.grad)) for name, p in names.items()}
    differences["the loss"] = relative(our_loss.data, twin_loss.detach().numpy())
    worst = max(differences, key=lambda name: differences[name])
    if not differences[worst] <= TOLERANCE:
        raise ValueError(f"{model}: {worst} differs from PyTorch's by {differences[worst]:.2g}")
    return differences[worst]


def copy_weights(ours: nn.Module, twin: torch.nn.Module) -> None:
    """Copy our weights into the twin."""
    parameters = dict(twin.named_parameters())
    with torch.no_grad():
        for name, weights in joined(ours.state_dict(), parameters).items():
            parameters[name].copy_(torch.from_numpy(weights))


def joined(arrays: dict[str, np.ndarray], names: Iterable[str]) -> dict[str, np.ndarray]:
    """Our arrays under the twin's names: `…attention.qkv.weight` is our q, k and v, concatenated.

    Raises:
        ValueError: if the twin has no parameter for one of our arrays.
    """
    parts = {name: [name] if name in arrays else parts_of(name) for name in names}
    if left := arrays.keys() - {part for group in parts.values() for part in group}:
        raise ValueError(f"the twin lacks {sorted(left)}")
    return {name: np.concatenate([arrays[part] for part in group]) for name, group in parts.items()}


def parts_of(name: str) -> list[str]:
    """`a.qkv.weight` → `a.q.weight`, `a.k.weight`, `a.v.weight`."""
    found = re.fullmatch(r"(.*\.)(qkv|kv)\.(weight|bias)", name)
    return [f"{found[1]}{letter}.{found[3]}" for letter in found[2]] if found else [name]


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference, relative to the largest value."""
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-12))
