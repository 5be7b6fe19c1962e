"""Small drawings inside a line of the page, as SVG."""

import statistics

from experiments.evidence.claims import Claim
from experiments.evidence.table import Entry, Table

WIDTH, HEIGHT = 180, 20


def effect_bar(claim: Claim, reach: float | None = None) -> str:
    """The effect as a dot and its interval as a line, with a mark at zero; every claim has its own scale.

    The dot is hollow if there is no interval. `reach` is the value at the right edge.
    """
    reach = reach or effect_reach(claim)
    between = f"from {claim.interval[0]:.3g} to {claim.interval[1]:.3g}" if claim.interval else "none"
    title = f"<title>effect {claim.effect:+.3g}, interval {between}</title>"
    drawing = [f'<line x1="{WIDTH / 2}" y1="1" x2="{WIDTH / 2}" y2="{HEIGHT - 1}" class="zero"/>']
    middle = HEIGHT / 2
    if claim.interval is not None:
        low, high = (_x(value, reach) for value in claim.interval)
        drawing.append(f'<line x1="{low:.1f}" y1="{middle}" x2="{high:.1f}" y2="{middle}" class="interval"/>')
    dot = "dot" if claim.interval is not None else "dot hollow"
    drawing.append(f'<circle cx="{_x(claim.effect, reach):.1f}" cy="{middle}" r="4.5" class="{dot}"/>')
    return f'<svg class="bar" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{title}{"".join(drawing)}</svg>'


def effect_reach(claim: Claim) -> float:
    """The largest absolute value of the effects and intervals of a claim and its parts."""
    values = [claim.effect, *(claim.interval or []), *(effect_reach(part) for part in claim.parts)]
    return max(abs(value) for value in values) or 1.0


def column_shares(table: Table) -> list[list[float | None]]:
    """Each entry as a share of the column's largest, to draw a bar behind it; None if a bar would show nothing."""
    shares: list[list[float | None]] = [[None] * len(table.columns) for _ in table.rows]
    for column in range(1, len(table.columns)):
        numbers = [_number(row[column]) for row in table.rows]
        known = [number for number in numbers if number is not None]
        if len(known) < 2 or min(known) < 0 or min(known) == max(known):
            continue
        for row, number in enumerate(numbers):
            shares[row][column] = None if number is None else number / max(known)
    return shares


def _number(entry: Entry) -> float | None:
    if isinstance(entry, list):
        return statistics.fmean(entry) if entry else None
    return float(entry) if isinstance(entry, int | float) else None


def _x(value: float, reach: float) -> float:
    return WIDTH / 2 + value / reach * (WIDTH / 2 - 8)
