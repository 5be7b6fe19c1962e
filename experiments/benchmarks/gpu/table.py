"""The tables, for the terminal and in Markdown for the page.

"× copy" and the like say how many times as fast as the other we are, by medians from the same turns; ✓ and ✗ say
whether the target is met.
"""

from collections.abc import Callable, Sequence

from experiments.benchmarks.comparison import Grid, grid_as_markdown
from experiments.benchmarks.gpu import checks, step_check
from experiments.benchmarks.gpu.lines import FULL, Line, kernels, limits, steps
from experiments.benchmarks.gpu.result import Check, GPUBenchmark, Row
from experiments.evidence import formatting

NOT_MEASURED = "not measured"
FAILED = "its check failed"
LIMIT_NAMES = {
    "copy": "copying",
    "float32": "cuBLAS, float32",
    "TF32": "cuBLAS, TF32",
    "bf16": "cuBLAS, bf16",
}
CAPTION = (
    "Milliseconds; events, medians of at least 20 runs in turns, L2 cache flushed before each. Rates count the bytes "
    "or operations that the task needs at least; the share is of the limit measured in the same run. ×: how many "
    "times as fast as the other."
)


def unmeasured() -> GPUBenchmark:
    """Every line, without times: the table until a GPU has been measured."""

    def empty(lines: Sequence[Line]) -> list[Row]:
        return [Row.of(line, {}) for line in lines]

    names = (*checks.NAMES, *step_check.NAMES)
    return GPUBenchmark(
        {}, empty(limits(FULL)), [Check(name, missing="not run") for name in names], empty(kernels(FULL)),
        empty(steps(FULL)),
    )  # fmt: skip


# -- the three tables -------------------------------------------------------------------------------


def limit_grid(benchmark: GPUBenchmark) -> Grid:
    """The card's limits."""
    grid = [["the card's limits", "size", "ms", "rate"]]
    return grid + [[LIMIT_NAMES[row.task], row.shape, milliseconds(row, "ours"), rate(row)] for row in benchmark.limits]


def check_grid(benchmark: GPUBenchmark) -> Grid:
    """Every check, with its failures."""
    grid = [["check", "cases", "largest error ÷ allowed", ""]]
    for check in benchmark.checks:
        if check.missing:
            grid.append([check.name, "", "", check.missing])
        else:
            verdict = "✗ " + "; ".join(check.failures) if check.failures else "✓"
            grid.append([check.name, str(check.cases), f"{check.worst:.2g}", verdict])
    return grid


def row_grid(benchmark: GPUBenchmark, rows: Sequence[Row]) -> Grid:
    """Kernels or steps."""
    grid = [["", "size", "ours, ms", "rate", "share of the limit", "others, ms", "target"]]
    for row in rows:
        beside = "; ".join(other(row, name, benchmark) for name in row.peers) if row.times else ""
        target = f"≥ {row.target.at_least:.2g} × {row.target.other}" if row.target else ""
        grid.append([row.task, row.shape, milliseconds(row, "ours"), rate(row), share(row, benchmark), beside, target])
    return grid


# -- cells ------------------------------------------------------------------------------------------


def milliseconds(row: Row, name: str) -> str:
    """The median in milliseconds, or why there is none."""
    seconds = row.median(name)
    if seconds is not None:
        return f"{1e3 * seconds:,.3g}"
    return row.times[name].missing if name in row.times else NOT_MEASURED


def rate(row: Row) -> str:
    """Our rate, in TFLOP/s for operations."""
    value = row.rate()
    if value is None:
        return ""
    return f"{value / 1e3:,.3g} TFLOP/s" if row.unit == "GFLOP" else f"{value:,.0f} {row.unit}/s"


def share(row: Row, benchmark: GPUBenchmark) -> str:
    """Our rate as a share of the card's limit."""
    ours, limit = row.rate(), benchmark.limit(row)
    return f"{ours / limit:.0%}{mark(row, row.limit, benchmark)}" if ours and limit else ""


def other(row: Row, name: str, benchmark: GPUBenchmark) -> str:
    """`flash 0.81, 0.62 × ✓`."""
    speed = benchmark.speed(row, name)
    against = "" if speed is None else f", {speed:.2f} ×{mark(row, name, benchmark)}"
    return f"{name} {milliseconds(row, name)}{against}"


def mark(row: Row, name: str, benchmark: GPUBenchmark) -> str:
    """✓ or ✗ beside the value that the target refers to."""
    if row.target is None or row.target.other != name:
        return ""
    return {True: " ✓", False: " ✗", None: ""}[benchmark.met(row)]


# -- text -------------------------------------------------------------------------------------------


def header(benchmark: GPUBenchmark) -> str:
    """The card, its driver and clocks, and versions."""
    about = benchmark.card
    if not about:
        return "No GPU has been at hand yet: nothing here was measured."
    lines = [
        f"{about['name']}, {about['memory']}, compute capability {about['compute capability']}, "
        f"{about['multiprocessors']} multiprocessors, {about['L2 cache']} of L2 cache, CUDA {about['CUDA']}",
        ", ".join(f"{name} {value}" for name, value in about["told by the driver"].items()),
        f"Python {about['python']}, " + ", ".join(f"{name} {value}" for name, value in about["versions"].items()),
        f"{formatting.duration(benchmark.wall_seconds)} in all",
    ]
    return "\n".join(line for line in lines if line)


def text(benchmark: GPUBenchmark) -> str:
    """Everything for the terminal."""
    grids = [
        limit_grid(benchmark),
        check_grid(benchmark),
        row_grid(benchmark, benchmark.kernels),
        row_grid(benchmark, benchmark.steps),
    ]
    return "\n\n".join([header(benchmark), *(aligned(grid) for grid in grids if len(grid) > 1), CAPTION])


def markdown(benchmark: GPUBenchmark) -> str:
    """For the page: the limits, every line with a target, and a sentence about the checks."""
    held = [row for row in (*benchmark.kernels, *benchmark.steps) if row.target]
    grids = [limit_grid(benchmark), row_grid(benchmark, held)]
    parts = [CAPTION, *map(grid_as_markdown, grids), checks_in_a_sentence(benchmark)]
    return "\n\n".join([*parts, "<sub>" + header(benchmark).replace("\n", "; ") + "</sub>"])


def checks_in_a_sentence(benchmark: GPUBenchmark) -> str:
    """How many checks passed, and which failed."""
    run = [check for check in benchmark.checks if not check.missing]
    if not run:
        return f"{len(benchmark.checks)} checks against the reference kernels come first; they were not run."
    failed = [check.name for check in run if check.failures]
    sentence = f"{len(run) - len(failed)} of {len(run)} checks against the reference kernels passed"
    absent = "".join(f"; {check.name}: {check.missing}" for check in benchmark.checks if check.missing)
    return sentence + (f"; failed: {', '.join(failed)}" if failed else "") + absent + "."


def aligned(grid: Grid) -> str:
    """Aligned columns."""
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    pad: Callable[[str, int], str] = str.ljust
    lines = ["  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)) for row in grid]
    return "\n".join(line.rstrip() for line in lines)
