"""The table that maps a checkpoint's names to a model's parameters. Loading and saving both use it.

A file has other names and shapes than the model. Each entry of the table describes one weight in the file:

    Entry("bert.pooler.dense.weight", ("pooler.weight",))
    Entry("h.0.attn.c_attn.weight", ("blocks.0.attention.q.weight", …k…, …v…), transposed=True)
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from minigrad import nn
from minigrad.errors import CheckpointError
from minigrad.nn.module import mismatches
from minigrad.safetensors_file import FLOATING
from models.pretrained.folder import Weights


@dataclass(frozen=True)
class Entry:
    """One weight in a file, and the model's parameters that it holds.

    Attributes:
        theirs: its name in the file.
        ours: the names of the parameters. Several are stacked along their first axis in the file.
        transposed: whether the file holds the transpose: GPT-2 stores its linear weights as (in, out).
        n_heads: if more than 1, several parameters are stacked head by head: the rows of the first head in each of
            them, then those of the second (GPT-NeoX).
    """

    theirs: str
    ours: tuple[str, ...]
    transposed: bool = False
    n_heads: int = 1


def weight_and_bias(theirs: str, ours: str) -> list[Entry]:
    """The two entries of a layer with weight and bias, such as a linear layer or a layer norm."""
    return [Entry(f"{theirs}.{kind}", (f"{ours}.{kind}",)) for kind in ("weight", "bias")]


def check_entries(model: nn.Module, entries: Sequence[Entry]) -> None:
    """Check that a table names every parameter of a model exactly once, and nothing else.

    Raises:
        ValueError: listing the wrong names. The error is in the table then, not in a file.
    """
    parameters = {name for name, _ in model.named_parameters()}
    ours = [name for entry in entries for name in entry.ours]
    problems = {
        "parameters without an entry": parameters - set(ours),
        "entries for what is no parameter": set(ours) - parameters,
        "parameters in several entries": {name for name in ours if ours.count(name) > 1},
    }
    if any(problems.values()):
        listed = "; ".join(f"{kind}: {', '.join(sorted(names))}" for kind, names in problems.items() if names)
        raise ValueError(f"the entries do not fit {type(model).__name__}: {listed}")


def load_weights(
    model: nn.Module,
    entries: Sequence[Entry],
    weights: Weights,
    rename: Callable[[str], str | None] = lambda name: name,
    strict: bool = True,
) -> None:
    """Load a checkpoint's weights into a model: every parameter's `data` becomes a new float32 array.

    All names and shapes are compared before anything is changed. The weights are read one by one, so at most one of
    them is in memory in addition to the model.

    Args:
        model: on the CPU; its parameters need no memory yet (`nn.unallocated`).
        entries: the table for all its parameters. Two entries may name the same weight; each gets a copy.
        rename: maps a name in the file to a name in the table, or to None for a tensor to skip, which is no parameter.
            If several names map to one weight (tied copies), a name that needs no renaming takes precedence.
        strict: if True, a weight that the table does not know is an error; if False, it is skipped with a warning.

    Raises:
        CheckpointError: listing every weight that is missing, unexpected, or of another shape or kind.
        ValueError: if the table does not fit the model.
    """
    check_entries(model, entries)
    parameters = dict(model.named_parameters())
    expected = {entry.theirs: _stored_shape(entry, parameters) for entry in entries}
    sources: dict[str, str] = {}  # the name in the file of each weight in the table
    unexpected = []
    for name in weights.names:
        weight = rename(name)
        if weight in expected:
            if weight == name or weight not in sources:
                sources[weight] = name
        elif weight is not None:
            unexpected.append(name)
    found = {weight: weights.tensors[name] for weight, name in sources.items()}
    kinds = [f"{name} is {tensor.dtype}" for name, tensor in found.items() if tensor.dtype not in FLOATING]
    if strict:
        found |= {name: weights.tensors[name] for name in unexpected}
    elif unexpected:
        warnings.warn(f"{weights.folder}: weights left aside: {', '.join(unexpected)}", stacklevel=2)
    not_floating = f"not floating-point: {', '.join(kinds)}" if kinds else ""
    if problems := "; ".join(filter(None, [mismatches(expected, found), not_floating])):
        raise CheckpointError(f"{weights.folder} does not fit {type(model).__name__}: {problems}")

    for entry in entries:
        _fill([parameters[name] for name in entry.ours], weights.read(sources[entry.theirs]), entry)


def stored_weights(model: nn.Module, entries: Sequence[Entry]) -> Iterator[tuple[str, np.ndarray]]:
    """The inverse of `load_weights`: the name and the array of each weight as stored in a file.

    The array is the parameter's own array or a view of it if possible; stacked parameters are copied.

    Raises:
        ValueError: if the table does not fit the model, or two entries have the same name in the file.
    """
    check_entries(model, entries)
    if len({entry.theirs for entry in entries}) < len(entries):
        raise ValueError("entries must have a name in the file each; only a table for loading may use one twice")
    parameters = dict(model.named_parameters())
    for entry in entries:
        parts = [parameters[name].numpy() for name in entry.ours]
        array = _stacked(parts, entry.n_heads) if len(parts) > 1 else parts[0]
        yield entry.theirs, array.T if entry.transposed else array


def _stored_shape(entry: Entry, parameters: dict[str, nn.Parameter]) -> tuple[int, ...]:
    """The shape of a weight in the file."""
    shape, *others = [parameters[name].shape for name in entry.ours]
    if others:
        shape = (shape[0] + sum(other[0] for other in others), *shape[1:])
    return shape[::-1] if entry.transposed else shape


def _stacked(parts: Sequence[np.ndarray], n_heads: int) -> np.ndarray:
    """Arrays (R, ...) along their first axis, head by head: (sum of R, ...)."""
    by_head = [part.reshape(n_heads, -1, *part.shape[1:]) for part in parts]  # (H, R / H, ...)
    return np.concatenate(by_head, axis=1).reshape(-1, *parts[0].shape[1:])


def _fill(parameters: list[nn.Parameter], array: np.ndarray, entry: Entry) -> None:
    """Assign to the parameters their parts of an array that nothing else uses. Parts and transposes are copied."""
    if entry.transposed:
        array = array.T
    if len(parameters) == 1:
        parameters[0].data = np.asarray(array, order="C")
        return
    by_head = array.reshape(entry.n_heads, -1, *array.shape[1:])  # (H, sum of R / H, ...)
    ends = np.cumsum([len(parameter) // entry.n_heads for parameter in parameters])
    for parameter, part in zip(parameters, np.split(by_head, ends[:-1], axis=1), strict=True):
        parameter.data = part.reshape(parameter.shape).copy()
