"""A result: what an experiment found, as one JSON file that can be checked, compared and drawn."""

import dataclasses
import json
import re
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Union

from experiments.evidence.claims import Claim
from experiments.evidence.errors import ExperimentError
from experiments.evidence.plain import plain
from experiments.evidence.table import Table
from minigrad.files import write_text


@dataclass(frozen=True)
class Figure:
    """A drawing that stands in its own SVG file next to the result."""

    name: str
    caption: str
    file: str


@dataclass(frozen=True)
class CellValues:
    """One cell of the experiment: what was computed for each seed (no seeds: nothing in it is random)."""

    name: str
    seeds: list[int]
    values: list[dict[str, Any]]


@dataclass(frozen=True)
class Environment:
    """Everything besides code and settings that numbers and times may depend on."""

    commit: str = "unknown"
    kernels: str = ""  # "fast" or "reference"
    device: str = ""  # "cpu" or "cuda"
    processor: str = ""
    threads: dict[str, int] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    blas: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    platform: str = ""


@dataclass(frozen=True)
class Result:
    """The experiment writes the first part; the runner knows, and fills in, the second."""

    lecture_says: str  # what the lecture shows, in a few sentences of our own
    tables: list[Table]
    claims: list[Claim]
    configs: dict[str, Any] = field(default_factory=dict)  # system -> everything that defines it
    sweep: list[dict[str, Any]] = field(default_factory=list)  # what was tried on dev, one row a trial
    parameters: dict[str, int] = field(default_factory=dict)  # system -> count
    tokens: dict[str, int] = field(default_factory=dict)  # system -> training tokens, all seeds
    flops: dict[str, float] = field(default_factory=dict)  # system -> floating-point operations, all seeds
    samples: dict[str, str] = field(default_factory=dict)  # heading -> text

    experiment: str = ""
    title: str = ""
    lecture: str = ""
    preset: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    cells: list[CellValues] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    # Of all cells, each as it was when it was computed; of a training that was killed and went on, the last part.
    wall_seconds: float = 0.0
    computed_at: list[str] = field(default_factory=list)  # the git commits whose code computed the cells
    environment: Environment = field(default_factory=Environment)


def save(result: Result, path: Path) -> None:
    """Write the result as JSON; a list of bare numbers takes one line.

    Raises:
        TypeError or ValueError: naming the field, if it holds what JSON does not have or what `load` would refuse.
    """
    record = plain(result, "result")
    decode(Result, record, "")
    text = json.dumps(record, ensure_ascii=False, indent=1)
    text = re.sub(r'\[\n([^\[\]{}"]+?)\n\s*\]', lambda list_: f"[{' '.join(list_[1].split())}]", text)
    write_text(path, text + "\n")


def load(path: Path) -> Result:
    """Read a result and check it against the classes above.

    Raises:
        FileNotFoundError: if there is none.
        ExperimentError: if it is not JSON, or a field is missing, unknown or of the wrong type; names the field.
    """
    try:
        return decode(Result, json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant), "")
    except ValueError as error:  # also what JSON and UTF-8 errors are
        raise ExperimentError(f"{path}: {error}; run the experiment again to replace the file") from error


def decode(kind: Any, value: Any, where: str) -> Any:
    """Turn JSON back into `kind`: dataclasses, lists, dicts, unions, literals and plain values.

    Raises:
        ValueError: naming the field, what was expected and what came.
    """
    if kind is Any:
        return value
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(arguments, value, where)
    if origin is Literal:
        return value if value in arguments else _refuse(where, "one of " + ", ".join(map(repr, arguments)), value)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, value, where)
    if origin is list:
        if not isinstance(value, list):
            _refuse(where, "a list", value)
        return [decode(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            _refuse(where, "an object", value)
        return {key: decode(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        _refuse(where, _name(kind), value)
    return value


def _decode_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        _refuse(where, "an object", value)
    kinds = typing.get_type_hints(kind)
    prefix = f"{where}." if where else ""
    for problem, names in (("missing", kinds.keys() - value.keys()), ("unknown", value.keys() - kinds.keys())):
        if names:
            raise ValueError(f"field {prefix}{min(names)} is {problem}")
    return kind(**{name: decode(kinds[name], value[name], prefix + name) for name in kinds})


def _decode_union(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    for kind in kinds:
        try:
            return decode(kind, value, where)
        except ValueError:
            continue
    return _refuse(where, " or ".join(map(_name, kinds)), value)


def _name(kind: Any) -> str:
    """What the messages call a type."""
    if kind is types.NoneType:
        return "null"
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _refuse_constant(name: str) -> typing.NoReturn:
    raise ValueError(f"{name} is not a number that JSON has")


def _refuse(where: str, expected: str, value: Any) -> typing.NoReturn:
    raise ValueError(f"field {where or '(top)'} must be {expected}, got {value!r:.80}")
