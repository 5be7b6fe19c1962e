"""Checkpoints: one safetensors file with everything that a run needs to go on with the same bits.

That is the model's parameters, the optimizer's averages and step count, the state of the random
number generators, and what the caller puts beside them, such as where it stands in its data. A
learning-rate schedule is a plain function of the step, so the step is its whole state. What the code
sets up itself (shapes, learning rate, betas) is not in the file.

safetensors holds arrays by name, and a dictionary of strings. It notices a truncated file, but not a
flipped bit, so a checksum over all of it stands beside them.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import random
from minigrad.array_type import Array
from minigrad.device import device_of, to_device
from minigrad.errors import CheckpointError
from minigrad.nn.module import Module, mismatches
from minigrad.optim.optimizer import Optimizer

FORMAT = "minigrad checkpoint 1"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says besides the state that it has put back.

    Attributes:
        step: the step after which it was saved.
        metadata: the caller's own, as JSON gives it back (a tuple has become a list).
    """

    step: int
    metadata: dict[str, Any]


def save_checkpoint(
    path: str | os.PathLike[str],
    model: Module,
    optimizer: Optimizer | None = None,
    *,
    step: int = 0,
    generators: dict[str, np.random.Generator] | None = None,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Write a checkpoint under a temporary name, then rename it: `path` is the old file or the new one.

    Args:
        step: how many steps have been taken.
        generators: by name, every Generator that the run draws from besides the library's own, whose
            state is always saved.
        metadata: anything that JSON can hold, such as the position in the data.

    Raises:
        TypeError: if metadata, or the state of a generator, is more than JSON can hold.
        OSError: if the file cannot be written; an older one is still there.
    """
    from safetensors.numpy import save_file  # here, so that `import minigrad` stays light

    path = Path(path)
    header = {
        "step": int(step),
        "library_generator": random.get_state(),
        "generators": {name: random.get_state(generator) for name, generator in (generators or {}).items()},
        "metadata": metadata or {},
    }
    try:
        text = json.dumps(header)
    except TypeError as error:
        raise TypeError(f"metadata and the generators' states must be what JSON can hold: {error}") from error
    # safetensors copies memory as it lies there, so the arrays must lie in C order.
    arrays = {name: np.asarray(to_device(a, "cpu"), order="C") for name, a in _named_arrays(model, optimizer).items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        save_file(arrays, temporary, {"format": FORMAT, "header": text, "checksum": _checksum(text, arrays)})
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(
    path: str | os.PathLike[str],
    model: Module,
    optimizer: Optimizer | None = None,
    *,
    generators: dict[str, np.random.Generator] | None = None,
) -> Checkpoint:
    """Put a checkpoint back, in place. Everything is checked before anything is changed.

    With a model alone, only its parameters change. An optimizer or generators resume the run: then the
    library's generator takes up its saved state too.

    Args:
        generators: those that were saved, under the same names.

    Raises:
        CheckpointError: if the file is missing, damaged, or no checkpoint; or if it does not fit, listing
            every name that is missing, unexpected, or of another shape or dtype.
    """
    arrays, header = _read(Path(path))
    if optimizer is None:
        arrays = {name: array for name, array in arrays.items() if not name.startswith("optimizer.")}
    elif not any(name.startswith("optimizer.") for name in arrays):
        raise CheckpointError(f"{path} was saved without an optimizer, so it cannot resume one")
    own = _named_arrays(model, optimizer)
    problems = [mismatches({name: array.shape for name, array in own.items()}, arrays), _other_dtypes(own, arrays)]
    resume = optimizer is not None or generators is not None
    if resume:
        problems.append(_other_generators(generators or {}, header["generators"]))
    if any(problems):
        raise CheckpointError(f"{path} does not fit: {'; '.join(filter(None, problems))}")

    here = {name: to_device(array, device_of(own[name])) for name, array in arrays.items()}
    model.load_state_dict(_below("model.", here))
    if optimizer is not None:
        optimizer.load_state_dict(_below("optimizer.", here))
    if resume:
        random.set_state(header["library_generator"])
        for name, generator in (generators or {}).items():
            random.set_state(header["generators"][name], generator)
    return Checkpoint(header["step"], header["metadata"])


def _read(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays and the header of a file, undamaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            strings = file.metadata() or {}
            if strings.get("format") != FORMAT:
                raise CheckpointError(f"{path} is not a minigrad checkpoint: its format is {strings.get('format')!r}")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dictionary
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint {path}") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged, or not a safetensors file: {error}") from error
    text = strings.get("header", "")
    if strings.get("checksum") != _checksum(text, arrays):
        raise CheckpointError(f"{path} is damaged: its contents do not have the checksum that was saved with them")
    return arrays, json.loads(text)


def _named_arrays(model: Module, optimizer: Optimizer | None) -> dict[str, Array]:
    arrays = {f"model.{name}": array for name, array in model.state_dict().items()}
    if optimizer is not None:
        arrays |= {f"optimizer.{name}": array for name, array in optimizer.state_dict().items()}
    return arrays


def _below(prefix: str, arrays: dict[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _checksum(text: str, arrays: dict[str, Array]) -> str:
    """A hash of the header and of every array, its name, dtype and shape, in the order of the names."""
    checksum = hashlib.blake2b(text.encode(), digest_size=16)
    for name in sorted(arrays):
        array = arrays[name]
        checksum.update(f"\n{name} {array.dtype.name} {array.shape}\n".encode())
        checksum.update(array.tobytes())
    return checksum.hexdigest()


def _other_dtypes(own: dict[str, Array], found: dict[str, Array]) -> str:
    both = [name for name in own if name in found and found[name].dtype != own[name].dtype]
    names = ", ".join(f"{name} is {found[name].dtype}, expected {own[name].dtype}" for name in both)
    return f"wrong dtype: {names}" if names else ""


def _other_generators(own: dict[str, np.random.Generator], states: dict[str, dict[str, Any]]) -> str:
    if own.keys() != states.keys():
        return f"generators: saved were {sorted(states)}, given are {sorted(own)}"
    kinds = {name: type(generator.bit_generator).__name__ for name, generator in own.items()}
    other = [name for name, kind in kinds.items() if kind != states[name]["bit_generator"]]
    return ", ".join(f"generator {name} was a {states[name]['bit_generator']}, is a {kinds[name]}" for name in other)
