"""Checkpoints: one safetensors file with everything that a run needs to resume with the same bits.

It holds the model's parameters, the optimizer's averages and step counts, the states of the random number generators,
and metadata from the caller, such as the position in its data. A learning-rate schedule is a function of the step, so
the step is its whole state. What the code sets up itself (shapes, learning rate, betas) is not in the file.

A safetensors file holds arrays by name, and a dictionary of strings. The format reveals a truncated file but not a
flipped bit, so one of the strings is a checksum of everything. The same state gives the same bytes.
"""

import hashlib
import json
import os
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import random
from minigrad.array_type import Array
from minigrad.checks import whole_number
from minigrad.device import device_of, to_device
from minigrad.errors import CheckpointError
from minigrad.files import replacing
from minigrad.nn.module import Module, mismatches, other_dtypes
from minigrad.optim.optimizer import Optimizer
from minigrad.safetensors_file import NUMPY_DTYPES, StoredTensor, read_header, write_tensors

FORMAT = "minigrad checkpoint 1"


@dataclass(frozen=True)
class Checkpoint:
    """What `load_checkpoint` returns besides restoring the state.

    Attributes:
        step: the step after which the checkpoint was saved.
        metadata: the caller's metadata, read from JSON: a tuple has become a list.
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
    """Write a checkpoint under a temporary name, then rename it. So `path` always is a whole file, old or new.

    Args:
        step: how many steps have been taken.
        generators: by name, every Generator that the run draws from besides the library's, whose state is always
            saved.
        metadata: anything that JSON can represent, such as the position in the data, with strings as keys. NaN and
            infinity, as in the losses of a run that diverged, are kept. A tuple is loaded as a list.

    Raises:
        TypeError: if JSON cannot represent metadata or the state of a generator, or if step is not an integer.
        ValueError: if step is negative, or metadata contains itself or is nested too deeply.
        OSError: if the file cannot be written, for example on a full disk. An older checkpoint at `path` remains.
    """
    _check_run(model, optimizer, generators)
    header = {
        "step": whole_number("step", step, at_least=0),
        "library_generator": random.get_state(),
        "generators": {name: random.get_state(generator) for name, generator in (generators or {}).items()},
        "metadata": {} if metadata is None else metadata,
    }
    text = _as_json(header)
    # Arrays with the widest dtype come first. Then each array begins at a multiple of its item size.
    own = sorted(_named_arrays(model, optimizer).items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    arrays = {name: _as_stored(array) for name, array in own}
    content = {name: (a.dtype.name, a.shape, [a.reshape(-1).view(np.uint8).data]) for name, a in arrays.items()}
    strings = {"format": FORMAT, "header": text, "checksum": _checksum(text, content)}
    with replacing(path) as temporary:
        write_tensors(temporary, list(arrays.items()), strings)


def load_checkpoint(
    path: str | os.PathLike[str],
    model: Module,
    optimizer: Optimizer | None = None,
    *,
    generators: dict[str, np.random.Generator] | None = None,
) -> Checkpoint:
    """Restore a checkpoint in place. Everything is checked before anything changes.

    With a model alone, only its parameters change. With an optimizer or generators the run is resumed: the state of
    the library's Generator is restored too.

    Args:
        generators: the Generators that were saved, under the same names.

    Raises:
        CheckpointError: if the file is missing, damaged, or not a checkpoint; or if it does not fit, listing every
            name that is missing, unexpected, or has another shape or dtype.
        TypeError: if model, optimizer or generators have the wrong type.
    """
    _check_run(model, optimizer, generators)
    path = Path(path)
    own, generators_here = _named_arrays(model, optimizer), generators or {}
    resume = optimizer is not None or generators is not None
    with _open(path) as file:
        tensors, header = _read(file, path)
        if optimizer is None:
            tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("optimizer.")}
        elif not any(name.startswith("optimizer.") for name in tensors):
            raise CheckpointError(f"{path} was saved without an optimizer, so it cannot resume one")
        problems = [
            mismatches({name: array.shape for name, array in own.items()}, tensors),
            other_dtypes(
                {name: array.dtype.name for name, array in own.items()},
                {name: _dtype_name(tensor) for name, tensor in tensors.items()},
            ),
            _other_generators(generators_here, header["generators"]) if resume else "",
        ]
        if any(problems):
            raise CheckpointError(f"{path} does not fit: {'; '.join(filter(None, problems))}")
        here = {name: to_device(tensor.read_exactly(), device_of(own[name])) for name, tensor in tensors.items()}

    if optimizer is not None:
        try:
            optimizer.load_state_dict(_below("optimizer.", here))
        except ValueError as error:  # raised before anything changes
            raise CheckpointError(f"{path} does not fit: {error}") from error
    model.load_state_dict(_below("model.", here))
    if resume:
        random.set_state(header["library_generator"])
        for name, generator in generators_here.items():
            random.set_state(header["generators"][name], generator)
    return Checkpoint(header["step"], header["metadata"])


def _check_run(model: Module, optimizer: Optimizer | None, generators: dict[str, np.random.Generator] | None) -> None:
    """Raise TypeError unless all have the right types."""
    if not isinstance(model, Module):
        raise TypeError(f"model must be a Module, got a {type(model).__name__}")
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an Optimizer or None, got a {type(optimizer).__name__}")
    if not isinstance(generators, dict | None):
        raise TypeError(f"generators must be a dictionary of Generators by name, got a {type(generators).__name__}")
    for name, generator in (generators or {}).items():
        if not isinstance(name, str) or not isinstance(generator, np.random.Generator):
            raise TypeError(f"generators must be numpy.random.Generators by name, got {name!r}: {generator!r}")


# -- the file ---------------------------------------------------------------------------------------


def _open(path: Path) -> BufferedReader:
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for a writer
            raise CheckpointError(f"{path} is a folder or a device, not a safetensors file")
        return path.open("rb")
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint {path}") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise CheckpointError(f"{path} cannot be read: {error}") from error


def _read(file: BufferedReader, path: Path) -> tuple[dict[str, StoredTensor], dict[str, Any]]:
    """The tensors and the header of a file, after checking that it is undamaged."""
    tensors, strings = read_header(file)
    if strings.get("format") != FORMAT:
        raise CheckpointError(f"{path} is not a minigrad checkpoint: its format is {strings.get('format')!r}")
    text = strings.get("header", "")
    for name, tensor in tensors.items():
        if tensor.dtype not in NUMPY_DTYPES:
            raise CheckpointError(f"{path} is damaged: {name} is {tensor.dtype}, which no checkpoint is saved in")
    content = {name: (_dtype_name(tensor), tensor.shape, tensor.blocks()) for name, tensor in tensors.items()}
    if strings.get("checksum") != _checksum(text, content):
        raise CheckpointError(f"{path} is damaged: its contents do not have the checksum that was saved with them")
    return tensors, _header(text, path)


def _header(text: str, path: Path) -> dict[str, Any]:
    """The part of a checkpoint that is not arrays. Each field is checked, because anyone can compute a checksum."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: header must be JSON ({error})") from error
    expected = {"step": int, "library_generator": dict, "generators": dict, "metadata": dict}
    if not isinstance(header, dict):
        raise CheckpointError(f"{path}: header must be an object with {', '.join(expected)}, got {text[:40]!r}")
    for name, kind in expected.items():
        if type(header.get(name)) is not kind:
            what = "an integer" if kind is int else "an object"
            raise CheckpointError(f"{path}: {name} must be {what}, got {reprlib.repr(header.get(name))}")
    if header["step"] < 0:
        raise CheckpointError(f"{path}: step must be at least 0, got {header['step']}")
    if problem := _other_state("library_generator", np.random.PCG64(0), header["library_generator"]):
        raise CheckpointError(f"{path}: {problem}")
    return header


def _as_json(header: dict[str, Any]) -> str:
    for name, state in header["generators"].items():
        try:
            json.dumps(state)
        except TypeError as error:
            raise TypeError(
                f"generators' states must be what JSON can hold: {name} is a {state['bit_generator']}, which has an "
                "array; use a PCG64, as numpy.random.default_rng() does"
            ) from error
    try:
        text = json.dumps(header)
        _check_keys(header["metadata"])
    except TypeError as error:
        raise TypeError(f"metadata must be a dictionary of what JSON can hold: {error}") from error
    except (ValueError, RecursionError) as error:  # it contains itself, or is nested too deeply
        raise ValueError(f"metadata must be a dictionary of what JSON can hold: {error}") from error
    return text


def _check_keys(metadata: Any) -> None:
    """Raise TypeError unless metadata is a dictionary, and all keys in it are strings. JSON turns other keys, such as
    numbers, into strings, so they would come back different."""
    if not isinstance(metadata, dict):
        raise TypeError(f"it is a {type(metadata).__name__}")
    pending: list[Any] = [metadata]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if others := [key for key in value if not isinstance(key, str)]:
                raise TypeError(f"the key {others[0]!r} is no string")
            value = list(value.values())
        pending += [below for below in value if isinstance(below, dict | list | tuple)]


# -- comparisons ------------------------------------------------------------------------------------


def _named_arrays(model: Module, optimizer: Optimizer | None) -> dict[str, Array]:
    arrays = {f"model.{name}": array for name, array in model.state_dict().items()}
    if optimizer is not None:
        arrays |= {f"optimizer.{name}": array for name, array in optimizer.state_dict().items()}
    return arrays


def _below(prefix: str, arrays: dict[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _as_stored(array: Array) -> np.ndarray:
    """The array in the layout of the file: little-endian and in C order. It is copied only if necessary."""
    return np.asarray(to_device(array, "cpu"), array.dtype.newbyteorder("<"), order="C")


def _checksum(text: str, arrays: Mapping[str, tuple[str, tuple[int, ...], Iterable[Any]]]) -> str:
    """A hash of the header, and of the name, dtype, shape and bytes of every array, in the order of their names."""
    checksum = hashlib.blake2b(text.encode(), digest_size=16)
    for name, (dtype, shape, blocks) in sorted(arrays.items()):
        checksum.update(f"\n{name} {dtype} {shape}\n".encode())
        for block in blocks:
            checksum.update(block)
    return checksum.hexdigest()


def _dtype_name(tensor: StoredTensor) -> str:
    """NumPy's name of a stored tensor's dtype."""
    return np.dtype(NUMPY_DTYPES[tensor.dtype]).name


def _other_generators(own: dict[str, np.random.Generator], states: dict[str, Any]) -> str:
    if own.keys() != states.keys():
        return f"generators: saved were {sorted(states)}, given are {sorted(own)}"
    problems = [_other_state(f"generator {name}", own[name].bit_generator, states[name]) for name in own]
    return ", ".join(filter(None, problems))


def _other_state(name: str, bit_generator: Any, state: Any) -> str:
    """Why this kind of bit generator cannot take a saved state; empty if it can."""
    kind = type(bit_generator)
    if not isinstance(state, dict) or state.get("bit_generator") != kind.__name__:
        saved = state.get("bit_generator") if isinstance(state, dict) else reprlib.repr(state)
        return f"{name} was a {saved}, is a {kind.__name__}"
    trial = kind()
    try:
        trial.state = state
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        return f"{name} has a state that is none of a {kind.__name__}: {error!r}"
    return "" if trial.state == state else f"{name} has a state that is none of a {kind.__name__}"
