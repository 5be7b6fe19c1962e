"""A result: the claims, tables and numbers of one experiment, in a JSON file that can be checked and compared."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.evidence.claims import Claim
from experiments.evidence.decoding import decode
from experiments.evidence.errors import ExperimentError
from experiments.evidence.plain import plain
from experiments.evidence.table import Table
from minigrad.files import parse_json, read_text, write_text

AGAIN = "run the experiment again to replace the file"


@dataclass(frozen=True)
class Figure:
    """A figure, in an SVG file next to the result."""

    name: str
    caption: str
    file: str


@dataclass(frozen=True)
class CellValues:
    """One cell of the experiment: its values, one for each seed. It has no seeds if nothing in it is random."""

    name: str
    seeds: list[int]
    values: list[dict[str, Any]]


@dataclass(frozen=True)
class Environment:
    """Everything besides the code and the settings on which numbers and times may depend."""

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
    """The experiment writes the first part; the runner fills in the second."""

    lecture_says: str  # what the lecture shows, in our own words
    tables: list[Table]
    claims: list[Claim]
    configs: dict[str, Any] = field(default_factory=dict)  # system -> its configuration
    sweep: list[dict[str, Any]] = field(default_factory=list)  # the trials on dev, one row each
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
    # The sum over cells, each timed when it was computed. A training that was resumed counts from its last resumption.
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
    if path.exists() and not path.is_file():
        raise ExperimentError(f"{path}: expected a file with a result, got something else")
    try:
        record = parse_json(read_text(path), f"{path}: the result")
    except ValueError as error:  # names the file
        raise ExperimentError(f"{error}; {AGAIN}") from None
    try:
        return decode(Result, record, "")
    except ValueError as error:
        raise ExperimentError(f"{path}: {error}; {AGAIN}") from None
    except RecursionError:
        raise ExperimentError(f"{path}: the parts of claims are nested too deeply to read; {AGAIN}") from None
