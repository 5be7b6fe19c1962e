"""The README's results: Markdown between `<!-- results:NAME -->` and `<!-- /results:NAME -->`.

They are made from the full preset's committed results, never typed. Besides the experiments there is one name more,
`benchmarks/gpu`: before a GPU has been measured, its table says of each line that it was not.
"""

import re

from experiments import formatting
from experiments.experiment import EXPERIMENTS, ExperimentError
from experiments.folders import PACKAGE, PROJECT
from experiments.results import Result, Table, load
from minigrad.files import read_text, write_text

README = PROJECT / "README.md"
RESULTS = PACKAGE / "results"
GPU = "benchmarks/gpu"


def write() -> str:
    """Bring the README's tables up to date; says what was done.

    Raises:
        ExperimentError: if there is no README, or its markers are wrong.
    """
    if not README.is_file():
        raise ExperimentError(f"there is no {README}")
    old = read_text(README)
    new = update(old)
    if new == old:
        return f"{README} is up to date"
    write_text(README, new)
    return f"{README}: tables written"


def update(text: str) -> str:
    """The text with each pair of markers filled from the result of that name, where there is one.

    Raises:
        ExperimentError: on markers that name no experiment, or do not come in pairs, one after the other.
    """
    markers = re.findall(r"<!--\s*/?results:.*?-->", text)
    names = re.findall(r"<!-- results:(.*?) -->", text)
    for name in names:
        if name not in (known := [*EXPERIMENTS, GPU]):
            raise ExperimentError(f"README: results:{name} names no experiment; there are: {', '.join(known)}")
    expected = [marker for name in names for marker in (f"<!-- results:{name} -->", f"<!-- /results:{name} -->")]
    if markers != expected or len(set(names)) < len(names):
        raise ExperimentError(
            f"README: expected <!-- results:NAME --> and <!-- /results:NAME --> in turn, each name once, got {markers}"
        )
    for name in names:
        content = content_of(name)
        if content is not None:
            start, end = f"<!-- results:{name} -->", f"<!-- /results:{name} -->"
            before, after = text.split(start)[0], text.split(end)[1]
            text = f"{before}{start}\n{content}\n{end}{after}"
    return text


def content_of(name: str) -> str | None:
    """What belongs between the markers of that name; None where there is no result."""
    if name == GPU:
        from experiments.benchmarks.gpu import result, table

        stored = RESULTS / f"{GPU}.json"
        return table.markdown(result.load(stored) if stored.is_file() else table.unmeasured())
    path = RESULTS / name / "full.json"
    return markdown(load(path)) if path.is_file() else None


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
        f"<sub>`{result.preset}` preset, {took} on {_escape(where.processor)} ({cores} cores), "
        f"Python {_escape(str(python))}.</sub>",
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
    """Plain text as Markdown that shows it as it is, on one line."""
    return re.sub(r"([\\`*_<|~])", r"\\\1", " ".join(text.split()))
