"""The tables, for the terminal and in Markdown for the page. Every ratio is one of medians from the same turns.

A ratio with a target is marked with ✓ or ✗. A step is compared with the floor that has the same threads: one Python
thread with BLAS on all cores, or a Python thread for each core with one BLAS thread each.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from experiments.benchmarks.comparison import Grid, grid_as_markdown
from experiments.benchmarks.cpu.workers import Outcome
from experiments.evidence import formatting
from minigrad.files import read_text

AVX2_KERNELS = ("Haswell", "Zen")  # OpenBLAS's names of its kernels without AVX-512


@dataclass
class Row:
    """One task, and the outcome of each contender.

    Attributes:
        amount: the work of one call in tokens, 10⁹ bytes, or 10⁹ operations, as `unit` says.
    """

    task: str
    amount: float
    unit: str
    contenders: dict[str, Outcome]
    detail: str = ""

    def rate(self, name: str) -> float | None:
        """Units a second."""
        seconds = self.median(name)
        return self.amount / seconds if seconds else None

    def median(self, name: str) -> float | None:
        """Seconds per call; None if the contender did not take part."""
        return self.contenders[name].median if name in self.contenders else None

    def ratio(self, name: str, other: str) -> float | None:
        """The seconds of the first, divided by those of the second."""
        numerator, denominator = self.median(name), self.median(other)
        return numerator / denominator if numerator and denominator else None

    def peak(self, name: str) -> float | None:
        """MB."""
        return self.contenders[name].peak_mb if name in self.contenders else None

    def missing(self, name: str) -> str:
        """Why the contender did not take part; "" if it did."""
        return self.contenders[name].missing if name in self.contenders else ""


@dataclass
class CPUBenchmark:
    """All measurements, and the machine."""

    machine: dict[str, Any]
    turns: int
    python_threads: list[int]
    steps: list[Row] = field(default_factory=list)
    kernels: list[Row] = field(default_factory=list)
    generation: list[Row] = field(default_factory=list)
    wall_seconds: float = 0.0
    name: str = "cpu"

    def as_json(self) -> dict[str, Any]:
        """Every value. Times, of which there may be thousands, are summarised by their number and quartiles."""
        values = asdict(self)
        for row in [*values["steps"], *values["kernels"], *values["generation"]]:
            for outcome in row["contenders"].values():
                outcome["seconds"] = quartiles(outcome["seconds"])
        return values


def quartiles(seconds: list[float]) -> dict[str, float]:
    """The number of times, the minimum, the quartiles (the second is the median) and the maximum."""
    if not seconds:
        return {"calls": 0}
    names = ("least", "first quartile", "median", "third quartile", "most")
    values = np.quantile(seconds, [0, 0.25, 0.5, 0.75, 1])
    return {"calls": len(seconds)} | {name: float(f"{value:.4g}") for name, value in zip(names, values, strict=True)}


def load(path: Path) -> CPUBenchmark:
    """Read a benchmark from its file. It has only the median of each contender's times, as the tables do."""
    value = json.loads(read_text(path))
    for group in ("steps", "kernels", "generation"):
        value[group] = [_row(row) for row in value[group]]
    return CPUBenchmark(**value)


def _row(row: dict[str, Any]) -> Row:
    for name, outcome in row["contenders"].items():
        times = outcome.pop("seconds")
        row["contenders"][name] = Outcome([times["median"]] if times["calls"] else [], **outcome)
    return Row(**row)


# -- the three tables -------------------------------------------------------------------------------


def steps(benchmark: CPUBenchmark) -> Grid:
    """A line for each model, size and number of Python threads."""
    faster = 1.3 if benchmark.machine["blas"]["kernels"] in AVX2_KERNELS else 1.8
    peers = ("PyTorch", "torch.compile")
    columns = ["training step", "Python threads", "BLAS floor", "ours", "÷ floor"]
    has_before = any(name.startswith("before") for row in benchmark.steps for name in row.contenders)
    if has_before:
        columns += ["before", "ours ÷ before"]
    for name in peers:
        columns += [name, "÷ ours"]
    grid = [[*columns, "tokens/s", "MB", "MB PyTorch"]]
    for row in benchmark.steps:
        for threads in benchmark.python_threads:
            ours, floor = f"ours, {threads}", f"floor, {threads}"
            bound = 1.3 if threads == 1 or row.task.endswith(" S") else 1.15
            to_floor = verdict(row.ratio(ours, floor), lambda value, bound=bound: value <= bound)  # type: ignore[misc]
            cells = [row.task, str(threads), milliseconds(row, floor), milliseconds(row, ours), to_floor]
            if has_before:
                before = f"before, {threads}"
                cells += [milliseconds(row, before), verdict(row.ratio(ours, before), lambda value: value <= 1.01)]
            for name in peers:
                cells += [milliseconds(row, name), verdict(row.ratio(name, ours), lambda value: value >= faster)]
            theirs = row.peak("PyTorch")
            holds = verdict(row.peak(ours), None if theirs is None else lambda value: value <= theirs, "{:,.0f}")  # noqa: B023
            grid.append([*cells, number(row.rate(ours)), holds, number(theirs)])
    return grid


def kernels(benchmark: CPUBenchmark) -> Grid:
    """A line for each kernel."""
    grid = [["kernel", "shape", "ours", "NumPy", "÷ ours", "PyTorch", "÷ ours", "ours, a second", "PyTorch, a second"]]
    for row in benchmark.kernels:
        cells = [row.task, row.detail, milliseconds(row, "ours")]
        for name in ("NumPy", "PyTorch"):
            cells += [milliseconds(row, name), verdict(row.ratio(name, "ours"))]
        rates = [f"{rate:.3g} {row.unit}" if rate else "" for rate in map(row.rate, ("ours", "PyTorch"))]
        grid.append(cells + rates)
    return grid


def generation(benchmark: CPUBenchmark) -> Grid:
    """A line for each model and batch, in new tokens per second and ratios."""
    grid = [["generation, tokens/s", "ours", "transformers", "ours ÷ theirs", "limit", "share of it", "same texts"]]
    for row in benchmark.generation:
        alone = "limit" in row.contenders
        cells = [row.task, number(row.rate("ours")), number(row.rate("transformers")) or row.missing("transformers")]
        cells.append(verdict(row.ratio("transformers", "ours"), None if alone else lambda value: value >= 3))
        cells += [number(row.rate("limit")), verdict(row.ratio("limit", "ours"), lambda value: value >= 0.75)]
        grid.append([*cells, row.detail])
    return grid


GROUPS: dict[str, Callable[[CPUBenchmark], Grid]] = {"steps": steps, "kernels": kernels, "generation": generation}

CAPTIONS = {
    "steps": "Milliseconds a training step. Targets: ÷ floor ≤ 1.15 (S: 1.3), with one Python thread ≤ 1.3; PyTorch ÷ "
    "ours ≥ 1.8, with AVX2 kernels in BLAS ≥ 1.3; memory at most PyTorch's. MB: how far resident memory grows over "
    "what is held before the model is built.",
    "kernels": "Milliseconds on one core, forward and backward pass, at the shapes of size L. Of the matrix products "
    '"ours" is the tiled kernel and "NumPy" its BLAS; of the others "NumPy" is our reference. GB: inputs read and '
    "outputs written once.",
    "generation": "Greedy, key/value cache. Targets: 3 times transformers; 0.75 of the limit, which is the rate of the "
    "products of all matrices with one vector.",
}


# -- cells ------------------------------------------------------------------------------------------


def milliseconds(row: Row, name: str) -> str:
    """The median in milliseconds, or why there is none."""
    seconds = row.median(name)
    return row.missing(name) if seconds is None else f"{1e3 * seconds:,.3g}"


def verdict(value: float | None, met: Callable[[float], bool] | None = None, form: str = "{:.2f}") -> str:
    """A number, with ✓ or ✗ if there is a target."""
    if value is None:
        return ""
    return form.format(value) + ("" if met is None else " ✓" if met(value) else " ✗")


def number(value: float | None) -> str:
    """A number with thousands separators and no decimals."""
    return "" if value is None else f"{value:,.0f}"


# -- text -------------------------------------------------------------------------------------------


def header(benchmark: CPUBenchmark) -> str:
    """The machine, its BLAS, versions and settings."""
    about, blas = benchmark.machine, benchmark.machine["blas"]
    threads = f", {blas['threads']} threads" if "threads" in blas else ""
    lines = [
        f"{about['processor']}, {about['cores']} cores, {about['platform']}, Python {about['python']}",
        f"BLAS: {blas['library']} with its kernels for {blas['kernels']}{threads}",
        ", ".join(f"{name} {version}" for name, version in about["versions"].items()),
    ]
    if about.get("load") is not None:
        lines.append(f"load before it began (the last minute's average): {about['load']}")
    if about["variables"]:
        lines.append(", ".join(f"{name}={value}" for name, value in about["variables"].items()))
    for row in [*benchmark.steps[:1], *benchmark.generation[:1]]:
        for name, outcome in row.contenders.items():
            if outcome.about:
                lines.append(f"{name}: " + ", ".join(f"{key} {value}" for key, value in outcome.about.items()))
    took = formatting.duration(benchmark.wall_seconds)
    return "\n".join([*lines, f"medians; at least {benchmark.turns} calls in turns for steps; {took} in all"])


def text(benchmark: CPUBenchmark) -> str:
    """Everything for the terminal."""
    parts = [header(benchmark)]
    for name, grid_of in GROUPS.items():
        grid = grid_of(benchmark)
        if len(grid) > 1:
            parts += [CAPTIONS[name], aligned(grid)]
    return "\n\n".join(parts)


def markdown(benchmark: CPUBenchmark) -> str:
    """Everything for the page."""
    parts = []
    for name, grid_of in GROUPS.items():
        grid = grid_of(benchmark)
        if len(grid) > 1:
            parts += [CAPTIONS[name], grid_as_markdown(grid)]
    return "\n\n".join([*parts, "<sub>" + header(benchmark).replace("\n", "; ") + "</sub>"])


def aligned(grid: Sequence[Sequence[str]]) -> str:
    """Aligned columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in grid
    ]
    return "\n".join(line.rstrip() for line in lines)
