"""Comparing our times with those of other libraries: on the same machine, in the same run, in turns.

A machine's speed changes from one minute to the next, so contenders take turns instead of running one after the other,
and the ratio of their medians is reported.
"""

import gc
import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from experiments.running import environment, places
from minigrad.files import read_text, write_text

Grid = list[list[str]]  # rows of cells; the first row has the column names
Prepare = Callable[[], Callable[[], object]]  # untimed preparation, which returns the work to be timed


@dataclass(frozen=True)
class Measurement:
    """One line of the table: a task, our values, and those of one peer."""

    task: str
    unit: str  # "s" or "MB"
    ours: list[float]  # one value per round
    target: float  # the largest allowed ratio ours / theirs; without a peer, our largest allowed value
    peer: str = ""  # the other library; "" if the target is absolute
    theirs: list[float] = field(default_factory=list)  # empty if the peer is not installed
    note: str = ""

    @property
    def value(self) -> float | None:
        """The value to compare with the target: the ratio of the medians, or our median; None without the peer."""
        if not self.peer:
            return statistics.median(self.ours)
        return statistics.median(self.ours) / statistics.median(self.theirs) if self.theirs else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if it could not be measured."""
        return None if self.value is None else self.value <= self.target


@dataclass(frozen=True)
class Benchmark:
    """Measurements, and the machine and text they were made on."""

    name: str
    rounds: int
    machine: dict[str, Any]
    text: dict[str, Any]
    measurements: list[Measurement]


def take_turns(contenders: Mapping[str, Prepare], rounds: int) -> dict[str, list[float]]:
    """The seconds that each contender takes in each round; every other round is in reverse order."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name in list(contenders)[:: 1 if number % 2 == 0 else -1]:
            work = contenders[name]()
            gc.collect()
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
            del work
    return seconds


def machine(packages: Sequence[str]) -> dict[str, Any]:
    """What times depend on: processor, cores, system, and the versions of these packages."""
    return {
        "processor": environment.processor(),
        "cores": environment.threads()["cores"],
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {package: environment.version(package) for package in packages},
        "commit": environment.git_commit(),
    }


def table(benchmark: Benchmark) -> str:
    """The measurements as text, the targets beside the ratios, the machine below."""
    rows = [("", "ours", "theirs", "", "", "target", "")]
    for one in benchmark.measurements:
        rows.append(
            (
                one.task,
                _quantity(statistics.median(one.ours), one.unit),
                _quantity(statistics.median(one.theirs), one.unit) if one.theirs else "",
                one.peer if one.theirs or not one.peer else f"{one.peer} is not installed",
                f"{one.value:.3g}×" if one.peer and one.value is not None else "",
                f"≤ {one.target:g}×" if one.peer else f"≤ {one.target:g} {one.unit}",
                {True: "✓", False: "✗", None: ""}[one.met],
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = (0, 3)  # columns with text; the others have numbers
    lines = [
        "  ".join(
            cell.ljust(w) if i in left else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    notes = [f"{one.task}: {one.note}" for one in benchmark.measurements if one.note]
    about = benchmark.machine
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    text = "{bytes:,} bytes in {documents:,} documents, sha256 {sha256:.12}".format(**benchmark.text)
    lines += ["", *dict.fromkeys(notes), f"medians of {benchmark.rounds} rounds; text: {text}"]
    lines += [f"{about['processor']}, {about['cores']} cores, {about['platform']}, Python {about['python']}", versions]
    return "\n".join(line.rstrip() for line in lines)


def _quantity(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:,.0f} {unit}"


def write(benchmark: Benchmark) -> Path:
    """Write the result as JSON, with every value, the ratios and the verdicts; returns the file's path."""
    path = places.results_folder() / "benchmarks" / f"{benchmark.name}.json"
    value = asdict(benchmark)
    for row, one in zip(value["measurements"], benchmark.measurements, strict=True):
        row |= {"value": one.value, "met": one.met}
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    return path


def load(path: Path) -> Benchmark:
    """Read a benchmark from its file."""
    value = json.loads(read_text(path))
    known = {field.name for field in fields(Measurement)}
    rows = [Measurement(**{name: row[name] for name in known}) for row in value["measurements"]]
    return Benchmark(**(value | {"measurements": rows}))


def markdown(benchmark: Benchmark) -> str:
    """The measurements as a Markdown table, with the machine below."""
    lines = ["| | ours | peer | ratio | target |", "|---|---|---|---|---|"]
    for one in benchmark.measurements:
        ours = _quantity(statistics.median(one.ours), one.unit)
        theirs = f"{one.peer}, {_quantity(statistics.median(one.theirs), one.unit)}" if one.theirs else one.peer
        mark = {True: " ✓", False: " ✗", None: ""}[one.met]
        ratio = f"{one.value:.2g}{mark}" if one.peer and one.value is not None else mark.strip()
        target = f"≤ {one.target:g}" if one.peer else f"≤ {one.target:g} {one.unit}"
        lines.append(f"| {one.task} | {ours} | {theirs} | {ratio} | {target} |")
    notes = [f"{one.task}: {one.note}" for one in benchmark.measurements if one.note]
    about = benchmark.machine
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    machine = f"{about['processor']}, {about['cores']} cores, Python {about['python']}; {versions}"
    footer = "; ".join([*dict.fromkeys(notes), f"medians of {benchmark.rounds} interleaved rounds", machine])
    return "\n".join([*lines, "", f"<sub>{footer}.</sub>"])


def grid_as_markdown(grid: Grid) -> str:
    """A grid as a Markdown table."""
    lines = ["| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |" for cells in grid]
    return "\n".join([lines[0], "|" + "---|" * len(grid[0]), *lines[1:]])
