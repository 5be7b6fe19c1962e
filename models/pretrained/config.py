"""`config.json`, as it comes from a stranger: each field's type is checked before it is used, and the number of layers
is compared with the weights in the file before a model of so many is built.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from minigrad import checks, nn
from minigrad.errors import CheckpointError
from models.pretrained.folder import CONFIG, Weights, read_config

Config = TypeVar("Config")
Model = TypeVar("Model", bound=nn.Module)

_LARGEST = 2**63 - 1  # the largest integer that an array's shape can hold


def load_config(
    folder: str | os.PathLike[str], model_type: str, convert: Callable[[dict[str, Any]], Config]
) -> tuple[dict[str, Any], Config]:
    """The fields of a folder's `config.json`, and what `convert` makes of them: our config of the family.

    Raises:
        CheckpointError: naming the file and the field, if a field does not fit or the file is of another family.
    """
    fields = read_config(folder, model_type)
    try:
        return fields, convert(fields)
    except CheckpointError as error:
        raise CheckpointError(f"{Path(folder) / CONFIG}: {error}") from error


def check_fields(
    fields: dict[str, Any],
    *,
    sizes: Sequence[str],
    optional_sizes: Sequence[str] = (),
    ids: Sequence[str] = (),
    rates: Sequence[str] = (),
    small_numbers: Sequence[str] = (),
    booleans: Sequence[str] = (),
) -> None:
    """Check the types and the ranges of those fields that are there; what is not has its default.

    Args:
        sizes: integers of at least 1. JSON's 2.0 and true are none.
        optional_sizes: the same, or null.
        ids: integers of at least 0.
        rates: of dropout, in [0, 1).
        small_numbers: those that are added to a variance, at least 0.
        booleans: true or false.

    Raises:
        CheckpointError: naming the field, what was expected and what came.
    """

    def present(names: Sequence[str]) -> list[tuple[str, Any]]:
        return [(name, fields[name]) for name in names if name in fields]

    try:
        given = [(name, value) for name, value in present(optional_sizes) if value is not None]
        for name, value in [*present(sizes), *given]:
            checks.whole_number(name, value, at_least=1, at_most=_LARGEST)
        for name, value in present(ids):
            checks.whole_number(name, value, at_least=0, at_most=_LARGEST)
        for name, value in present(rates):
            checks.number(name, value, at_least=0, below=1)
        for name, value in present(small_numbers):
            checks.number(name, value, at_least=0)
        for name, value in present(booleans):
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be true or false, got {value!r}")
    except (TypeError, ValueError) as error:
        raise CheckpointError(str(error)) from error


def build_unallocated(
    build: Callable[[], Model], fields: dict[str, Any], layers: Sequence[str], weights: Weights
) -> Model:
    """The model of a config, without memory for its parameters (`nn.unallocated`).

    A config may ask for so many layers that building them would never end. Each has weights of its own, so those in the
    file's header are counted first.

    Args:
        layers: the fields that count layers.

    Raises:
        CheckpointError: if there are more layers than weights, or a size is one that no array can have.
    """
    path = weights.folder / CONFIG
    for name in layers:
        if (fields.get(name) or 0) > len(weights.names):
            raise CheckpointError(
                f"{path}: {name} is {fields[name]}, but the folder holds only {len(weights.names)} weights for so "
                "many layers"
            )
    try:
        with nn.unallocated():
            return build()
    except (ValueError, OverflowError) as error:
        raise CheckpointError(f"{path}: no model has these sizes: {error}") from error
