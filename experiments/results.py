"""A result: what an experiment found, as one JSON file that can be checked, compared and drawn."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.cells import plain
from experiments.claims import Claim
from experiments.decoding import decode
from experiments.environment import Environment
from experiments.experiment import ExperimentError
from minigrad.checks import whole_number
from minigrad.files import parse_json, read_text, write_text

Entry = str | int | float | list[float] | None  # of a table; a list is one value per seed: shown as mean ± std

MOST_DIGITS = 15  # decimals that a table may ask for; a float has no more
AGAIN = "run the experiment again to replace the file"


@dataclass(frozen=True)
class Table:
    """Rows under columns, with the lecture's own figures beside ours.

    `lecture` has the shape of `rows`, with None where the lecture has no figure; [] if it has none at all.
    The first column names the row.
    """

    caption: str
    columns: list[str]
    rows: list[list[Entry]]
    lecture: list[list[Entry]] = field(default_factory=list)
    digits: int = 2  # decimals shown

    def __post_init__(self) -> None:
        whole_number(f"table {self.caption!r}: digits", self.digits, at_least=0, at_most=MOST_DIGITS)
        if not self.columns:
            raise ValueError(f"table {self.caption!r}: columns must hold at least one name, got none")
        for name, grid in (("rows", self.rows), ("lecture", self.lecture)):
            for number, row in enumerate(grid):
                if len(row) != len(self.columns):
                    raise ValueError(
                        f"table {self.caption!r}: {name}[{number}] must have {len(self.columns)} entries, "
                        f"one per column, got {len(row)}"
                    )
        if self.lecture and len(self.lecture) != len(self.rows):
            raise ValueError(
                f"table {self.caption!r}: lecture must have {len(self.rows)} rows, got {len(self.lecture)}"
            )

    def lecture_entry(self, row: int, column: int) -> Entry:
        """The lecture's figure for an entry; None where it has none, or where it names the row as we do."""
        entry = self.lecture[row][column] if self.lecture else None
        return None if column == 0 and entry == self.rows[row][0] else entry


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
