"""A picture for figures.py: curves over powers of ten, with both axes logarithmic, as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import floor, inf, log10

from lectures.build.drawings import DARK, GREY, LIGHT, svg

INKS = (DARK, "#b45309")
WIDE, HIGH, LEFT, TOP = 52, 24, 76, 28  # pixels: a power of ten in each direction, and the margins


def curves(series: Mapping[str, Mapping[int, float]], x_axis: str, y_axis: str) -> str:
    """At most two curves, {name: {n: the value at 10ⁿ}}. Larger n are further left, as steps shrink from left to right.

    Raises:
        ValueError: if there are more curves than inks, or a value is not a positive number.
    """
    if len(series) > len(INKS):
        raise ValueError(f"series: expected at most {len(INKS)} curves, got {len(series)}")
    for name, curve in series.items():
        for n, value in curve.items():
            if not 0 < value < inf:
                raise ValueError(f"series: expected positive numbers, got {value} in {name!r} at {n}")
    columns = sorted({n for curve in series.values() for n in curve}, reverse=True)
    exponents = [floor(log10(value)) for curve in series.values() for value in curve.values()]
    highest, lowest = max(exponents) + 1, min(exponents)
    right, bottom = LEFT + WIDE * (len(columns) - 1), TOP + HIGH * (highest - lowest)
    parts = [
        f'<text x="{LEFT}" y="16" text-anchor="start" fill="{GREY}">{escape(y_axis)}</text>',
        f'<text x="{(LEFT + right) // 2}" y="{bottom + 42}" fill="{GREY}">{escape(x_axis)}</text>',
    ]
    for n in range(lowest, highest + 1, 2):
        y = TOP + HIGH * (highest - n)
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{right}" y2="{y}" stroke="{LIGHT}"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{y + 5}" text-anchor="end" fill="{GREY}">{_power(n)}</text>')
    for i, n in enumerate(columns):
        parts.append(f'<text x="{LEFT + WIDE * i}" y="{bottom + 22}" fill="{GREY}">{_power(n)}</text>')
    for ink, (name, curve) in zip(INKS, series.items(), strict=False):
        points = [
            (LEFT + WIDE * columns.index(n), TOP + round(HIGH * (highest - log10(value)))) for n, value in curve.items()
        ]
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2"/>')
        x, y = points[-1]
        parts.append(f'<text x="{x + 10}" y="{y + 5}" text-anchor="start" fill="{ink}">{escape(name)}</text>')
    return svg(right + 90, bottom + 56, parts)


def _power(n: int) -> str:
    """10ⁿ, with n raised."""
    sign = "−" if n < 0 else ""
    return f'10<tspan dy="-5" font-size="10">{sign}{abs(n)}</tspan>'
