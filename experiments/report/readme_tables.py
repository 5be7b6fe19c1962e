"""The README's results: Markdown between `<!-- results:NAME -->` and `<!-- /results:NAME -->`.

They are made from the full preset's committed results, never typed.
"""

import re

from experiments import formatting
from experiments.experiment import EXPERIMENTS, ExperimentError
from experiments.folders import PACKAGE, PROJECT, write_text
from experiments.results import Result, Table, load

README = PROJECT / "README.md"
RESULTS = PACKAGE / "results"


def write() -> str:
    """Bring the README's tables up to date; says what was done."""
    if not README.is_file():
        raise ExperimentError(f"there is no {README}")
    old = README.read_text(encoding="utf-8")
    new = update(old)
    if new == old:
        return f"{README} is up to date"
    write_text(README, new)
    return f"{README}: tables written"


def update(text: str) -> str:
    """The text with each pair of markers filled from the result of that name, where there is one.

    Raises:
        ExperimentError: on markers that name no experiment or do not come in pairs.
    """
    names = re.findall(r"<!-- results:(.*?) -->", text)
    for name in names:
        if name not in EXPERIMENTS:
            raise ExperimentError(f"README: results:{name} names no experiment; there are: {', '.join(EXPERIMENTS)}")
        start, end = f"<!-- results:{name} -->", f"<!-- /results:{name} -->"
        if text.count(start) != 1 or text.count(end) != 1 or text.index(end) < text.index(start):
            raise ExperimentError(f"README: expected {start} once, and {end} once after it")
        path = RESULTS / name / "full.json"
        if path.is_file():
            before, after = text.split(start)[0], text.split(end)[1]
            text = f"{before}{start}\n{markdown(load(path))}\n{end}{after}"
    return text


def markdown(result: Result) -> str:
    """Claims and tables of one result."""
    parts = ["| | claim | effect, 95% interval |", "|---|---|---|"]
    for claim in result.claims:
        verdict = f"{formatting.SYMBOLS[claim.verdict]} {claim.verdict}"
        parts.append(_row([verdict, claim.text, f"{formatting.effect(claim)} ({formatting.evidence(claim)})"]))
    for table in result.tables:
        parts += ["", f"*{table.caption}*", "", *_table(table)]
    python = result.environment["versions"]["python"]
    parts += ["", f"<sub>`full` preset, {formatting.duration(result.wall_seconds)} on "
              f"{result.environment['processor']} ({result.environment['threads']['cores']} cores), Python {python}.</sub>"]  # fmt: skip
    return "\n".join(parts)


def _table(table: Table) -> list[str]:
    lines = [_row(table.columns), "|" + "---|" * len(table.columns)]
    for number, row in enumerate(table.rows):
        ours = [formatting.entry(entry, table.digits) for entry in row]
        if table.lecture:
            lectures = [formatting.entry(entry, table.digits) for entry in table.lecture[number]]
            ours = [f"{a} (lecture: {b})" if b else a for a, b in zip(ours, lectures, strict=True)]
        lines.append(_row(ours))
    return lines


def _row(entries: list[str]) -> str:
    return "| " + " | ".join(entry.replace("|", "\\|").replace("\n", " ") for entry in entries) + " |"
