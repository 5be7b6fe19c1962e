"""Numbers formatted for people: shared by the terminal, the report page and the README files."""

import statistics

from experiments.evidence.claims import Claim
from experiments.evidence.table import Entry, Table

SYMBOLS = {"reproduced": "✓", "not separated": "○", "contradicted": "✗", "one seed": "·"}


def lecture_entry(value: Entry) -> str:
    """A figure of the lecture, with the digits that it has there."""
    return f"{value:,}" if isinstance(value, int | float) else entry(value)


def entry(value: Entry, digits: int = 2) -> str:
    """A table's entry: text unchanged, counts with thousands separators, one value per seed as mean ± std."""
    if value is None or value == []:
        return ""
    if isinstance(value, list):
        mean = f"{statistics.fmean(value):,.{digits}f}"
        return f"{mean} ± {statistics.stdev(value):.{digits}f}" if len(value) > 1 else mean
    if isinstance(value, float):
        return f"{value:,.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else value


def aligned(table: Table) -> str:
    """A table as text for a terminal: the caption, then columns of one width, numbers on the right."""
    texts = [table.columns, *([entry(value, table.digits) for value in row] for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in texts
    ]
    return "\n".join([table.caption, *(f"  {line}".rstrip() for line in lines)])


def outcome(claim: Claim) -> str:
    """The verdict; "one seed" where there is but one, which cannot separate anything."""
    return "one seed" if claim.seeds == 1 else claim.verdict


def effect(claim: Claim) -> str:
    """The claim's effect and its interval: `+0.12 [0.05, 0.19] accuracy`."""
    text = f"{claim.effect:+.3g}" if claim.seeds else f"{claim.effect:.4g}"
    if claim.interval is not None:
        low, high = claim.interval
        text += f" [{low:.3g}, {high:.3g}]"
    return f"{text} {claim.unit}".strip()


def evidence(claim: Claim) -> str:
    """What the verdict rests on: `3 seeds`, `sign only, no interval`, `exact`."""
    if claim.seeds == 0:
        return "exact"
    return "sign only, no interval" if claim.seeds == 1 else f"{claim.seeds} seeds"


def duration(seconds: float) -> str:
    """`12 s`, `3.4 min`, `2.1 h`."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def count(number: float) -> str:
    """`812`, `12.3k`, `4.57M`, `1.20e+12`."""
    for scale, letter in ((1, ""), (1e3, "k"), (1e6, "M")):
        if abs(number) < 999.5 * scale:  # what rounds to 1000 takes the next letter
            return f"{number / scale:.3g}{letter}"
    return f"{number:.2e}"
