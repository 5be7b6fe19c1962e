"""Two kinds of pictures for figures.py: numbers that lanes exchange, and bars made of two parts. Both are SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

GREY, LINE, DARK, LIGHT = "#606672", "#808692", "#1f5fbf", "#c7d8f2"
LANE, ROUND, BOX = 56, 84, 30  # pixels: between lanes, between rounds, the height of a box
BAR, NAME, FULL = 30, 110, 420  # pixels: from bar to bar, the width of the names and of the whole


def butterfly(numbers: Sequence[int], distances: Sequence[int]) -> str:
    """Lanes that each add the number of the lane i ⊕ distance, one row a round; grey lines lead to what was added.

    Raises:
        ValueError: if a distance leads to a lane that is not there.
    """
    lanes = range(len(numbers))
    rows = [list(numbers)]
    for distance in distances:
        if any(i ^ distance not in lanes for i in lanes):
            raise ValueError(
                f"distances: expected lanes 0 to {len(numbers) - 1}, got {distance}, which leads elsewhere"
            )
        rows.append([rows[-1][i] + rows[-1][i ^ distance] for i in lanes])
    width, height = LANE * (len(numbers) + 1) + 40, ROUND * len(distances) + BOX + 44
    parts = [f'<text x="{_x(i)}" y="18" fill="{GREY}">{i}</text>' for i in lanes]
    for r, distance in enumerate(distances):
        top, bottom = _y(r) + BOX, _y(r + 1)
        parts += [_line(_x(i), top, _x(i), bottom) for i in lanes]
        parts += [_line(_x(i ^ distance), top, _x(i), bottom) for i in lanes]
        parts.append(f'<text x="{_x(len(numbers))}" y="{(top + bottom) // 2 + 5}" fill="{GREY}">d = {distance}</text>')
    for r, row in enumerate(rows):
        for i, number in enumerate(row):
            parts.append(f'<rect x="{_x(i) - 18}" y="{_y(r)}" width="36" height="{BOX}" fill="{LIGHT}"/>')
            parts.append(f'<text x="{_x(i)}" y="{_y(r) + 20}">{number}</text>')
    return svg(width, height, parts)


def _x(lane: int) -> int:
    return LANE * lane + LANE // 2 + 4


def _y(row: int) -> int:
    return ROUND * row + 30


def _line(x: int, y: int, to_x: int, to_y: int) -> str:
    return f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="{LINE}"/>'


def bars(rows: Sequence[tuple[str, float, float]], part: str, rest: str) -> str:
    """A bar a row: (name, milliseconds of a part, milliseconds of the whole). Every bar has the same length.

    A part that took longer than the whole fills its bar; the percentage says by how much.

    Raises:
        ValueError: if a time is not positive.
    """
    parts = [
        f'<rect x="{NAME}" y="8" width="14" height="14" fill="{DARK}"/>',
        f'<text x="{NAME + 20}" y="20" text-anchor="start">{escape(part)}</text>',
        f'<rect x="{NAME + FULL // 2}" y="8" width="14" height="14" fill="{LIGHT}"/>',
        f'<text x="{NAME + FULL // 2 + 20}" y="20" text-anchor="start">{escape(rest)}</text>',
    ]
    for i, (name, ours, whole) in enumerate(rows):
        if not (ours > 0 and whole > 0):
            raise ValueError(f"rows: expected positive times, got {ours} of {whole} for {name!r}")
        y, length = BAR * i + 36, min(round(FULL * ours / whole), FULL)
        parts += [
            f'<text x="{NAME - 10}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{NAME}" y="{y}" width="{FULL}" height="22" fill="{LIGHT}"/>',
            f'<rect x="{NAME}" y="{y}" width="{length}" height="22" fill="{DARK}"/>',
            f'<text x="{NAME + 8}" y="{y + 15}" text-anchor="start" fill="#ffffff">{ours / whole:.0%}</text>',
            f'<text x="{NAME + FULL + 10}" y="{y + 15}" text-anchor="start" fill="{GREY}">{whole:.0f} ms</text>',
        ]
    return svg(NAME + FULL + 80, BAR * len(rows) + 40, parts)


def svg(width: int, height: int, parts: Sequence[str]) -> str:
    """A picture of that many pixels, on white."""
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="14" text-anchor="middle">'
    )
    return "\n".join([opening, f'<rect width="{width}" height="{height}" fill="#ffffff"/>', *parts, "</svg>"]) + "\n"
