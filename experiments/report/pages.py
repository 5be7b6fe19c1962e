"""The generated Markdown: everything between `<!-- NAME -->` and `<!-- /NAME -->` is made from committed results.

    README.md                          verdicts      a row for each table of the lecture
    experiments/results/README.md      results       every table in full, with its figures
    experiments/benchmarks/README.md   cpu, gpu, tokenizers

If a result is not there yet, the page says so.
"""

import re
from collections import Counter
from collections.abc import Callable

from experiments.evidence import formatting
from experiments.evidence.errors import ExperimentError
from experiments.evidence.markers import with_content
from experiments.evidence.results import Result, load
from experiments.evidence.table import Table
from experiments.running import places
from experiments.tables import catalogue
from minigrad.files import read_text, write_text

README, RESULTS, BENCHMARKS = "README.md", "experiments/results/README.md", "experiments/benchmarks/README.md"


def write() -> str:
    """Bring every page up to date, and return a line about each.

    Raises:
        ExperimentError: if a page or one of its markers is missing.
    """
    said = []
    for name in (README, RESULTS, BENCHMARKS):
        path = places.PROJECT / name
        if not path.is_file():
            raise ExperimentError(f"there is no {path}")
        old = read_text(path)
        new = update(old, name)
        if new != old:
            write_text(path, new)
        said.append(f"{path}: {'up to date' if new == old else 'tables written'}")
    return "\n".join(said)


def update(text: str, page: str) -> str:
    """The text of a page with new content between its markers.

    Raises:
        ExperimentError: unless each pair of markers occurs exactly once.
    """
    for name, content in sections(page).items():
        text = with_content(text, page, name, content())
    return text


def sections(page: str) -> dict[str, Callable[[], str]]:
    """The names of a page's markers, and functions that give the content between them."""
    if page == README:
        return {"verdicts": verdicts}
    if page == RESULTS:
        return {"results": all_results}
    return {"cpu": cpu_benchmark, "gpu": gpu_benchmark, "tokenizers": tokenizer_benchmark}


# -- the lecture's tables ---------------------------------------------------------------------------


def committed(name: str) -> Result | None:
    """The full result of a table; None if there is none yet."""
    path = places.committed_results() / name / "full.json"
    return load(path) if path.is_file() else None


def verdicts() -> str:
    """A row for each table: the lecture's point, and the verdicts on its claims."""
    rows = []
    for entry in catalogue.CATALOGUE:
        result = committed(entry.name)
        if result is None:
            is_built = entry in catalogue.built()
            rows.append([f"`{entry.name}`", entry.shows, "no full result yet" if is_built else "not built yet"])
            continue
        tally = Counter(formatting.SYMBOLS[formatting.outcome(claim)] for claim in result.claims)
        counts = " ".join(f"{tally[symbol]} {symbol}" for symbol in formatting.SYMBOLS.values() if tally[symbol])
        rows.append([f"[`{entry.name}`](experiments/results/README.md#{entry.name})", entry.shows, counts])
    lines = [["table", "the lecture's point", "claims"], ["---"] * 3, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def all_results() -> str:
    """Every table that has a full result, under a heading of its own, with its figures."""
    parts = []
    for entry in catalogue.CATALOGUE:
        if (result := committed(entry.name)) is None:
            continue
        figures = [f"![{_escape(each.caption)}]({entry.name}/{each.file})" for each in result.figures]
        parts += [f"## {entry.name}", _escape(result.title), markdown(result), *figures]
    return "\n\n".join(parts)


def markdown(result: Result) -> str:
    """Claims and tables of one result."""
    parts = [*_grid(["", "claim", "effect, 95% interval"], [])]
    for claim in result.claims:
        verdict = f"{formatting.SYMBOLS[claim.verdict]} {claim.verdict}"
        parts.append(_row([verdict, claim.text, f"{formatting.effect(claim)} ({formatting.evidence(claim)})"]))
    for claim in result.claims:
        if claim.explanation and claim.verdict != "reproduced":
            parts += ["", f"{formatting.SYMBOLS[claim.verdict]} {_escape(claim.explanation)}"]
    for table in result.tables:
        rows = [[_entry(table, row, column) for column in range(len(table.columns))] for row in range(len(table.rows))]
        parts += ["", f"*{_escape(table.caption)}*", "", *_grid(table.columns, rows)]
    took, where = formatting.duration(result.wall_seconds), result.environment
    cores, python = where.threads.get("cores", "?"), where.versions.get("python", "?")
    parts += [
        "",
        f"<sub>`{result.preset}` preset; its cells, pretraining included, add up to {took} of wall time, "
        f"on {_escape(where.processor)} ({cores} cores), Python {_escape(str(python))}.</sub>",
    ]
    return "\n".join(parts)


def _entry(table: Table, row: int, column: int) -> str:
    ours = formatting.entry(table.rows[row][column], table.digits)
    lecture = formatting.lecture_entry(table.lecture_entry(row, column))
    return f"{ours} (lecture: {lecture})" if lecture else ours


def _grid(columns: list[str], rows: list[list[str]]) -> list[str]:
    return [_row(columns), "|" + "---|" * len(columns), *map(_row, rows)]


def _row(entries: list[str]) -> str:
    return "| " + " | ".join(map(_escape, entries)) + " |"


def _escape(text: str) -> str:
    """Plain text escaped for Markdown, on one line."""
    return re.sub(r"([\\`*_<|~])", r"\\\1", " ".join(text.split()))


# -- benchmarks -------------------------------------------------------------------------------------


def cpu_benchmark() -> str:
    """Training steps, kernels and generation."""
    from experiments.benchmarks.cpu import table

    path = places.committed_results() / "benchmarks" / "cpu.json"
    return table.markdown(table.load(path)) if path.is_file() else "Not measured yet."


def gpu_benchmark() -> str:
    """The CUDA kernels. Until a GPU has been measured, every line says "not measured"."""
    from experiments.benchmarks.gpu import result, table

    path = places.committed_results() / "benchmarks" / "gpu.json"
    return table.markdown(result.load(path) if path.is_file() else table.unmeasured())


def tokenizer_benchmark() -> str:
    """Training and encoding."""
    from experiments.benchmarks import comparison

    path = places.committed_results() / "benchmarks" / "tokenizers.json"
    return comparison.markdown(comparison.load(path)) if path.is_file() else "Not measured yet."
