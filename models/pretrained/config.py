"""Reads `config.json` from an untrusted source.

Each field's type is checked before the field is used. The number of layers is compared with the number of weights in
the file before a model is built.
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
    """The fields of a folder's `config.json`, and the family's config that `convert` builds from them.

    Raises:
        CheckpointError: naming the file and the field, if a field is invalid or the file belongs to another family.
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
    optional_ids: Sequence[str] = (),
    rates: Sequence[str] = (),
    small_numbers: Sequence[str] = (),
    booleans: Sequence[str] = (),
) -> None:
    """Check the types and ranges of the fields that are present. A missing field keeps its default.

    Args:
        sizes: integers of at least 1; JSON's 2.0 and true are rejected.
        optional_sizes: the same, or null.
        ids: integers of at least 0.
        optional_ids: the same, or null.
        rates: dropout rates, in [0, 1).
        small_numbers: numbers of at least 0, such as the epsilon added to a variance.
        booleans: true or false.

    Raises:
        CheckpointError: naming the field, the expected value and the value found.
    """

    def present(names: Sequence[str]) -> list[tuple[str, Any]]:
        return [(name, fields[name]) for name in names if name in fields]

    try:
        given_sizes = [(name, value) for name, value in present(optional_sizes) if value is not None]
        given_ids = [(name, value) for name, value in present(optional_ids) if value is not None]
        for name, value in [*present(sizes), *given_sizes]:
            checks.whole_number(name, value, at_least=1, at_most=_LARGEST)
        for name, value in [*present(ids), *given_ids]:
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
    """Build a config's model without memory for its parameters (`nn.unallocated`).

    A config may ask for so many layers that building them would not finish. Each layer has at least one weight, so the
    number of layers is first compared with the number of weights in the file's header.

    Args:
        layers: the names of the fields that hold a number of layers.

    Raises:
        CheckpointError: if there are more layers than weights, or an array cannot have one of the sizes.
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
