"""Figures in one style, as SVG that reads well on a light and on a dark page."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.figure import Figure

from minigrad.checks import number, whole_number

COLOURS = ["#3a86d6", "#e08a1e", "#2a9d6e", "#d9534f", "#9b6dd6", "#2bb3b3", "#b5651d", "#c95d9c"]
INK = "#7a808a"  # text and axes: a grey with contrast on white and on black; the report page replaces it
STYLE: dict[Any, Any] = {
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.edgecolor": INK, "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.titlecolor": INK, "axes.titlesize": "medium", "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": INK, "grid.alpha": 0.2, "lines.linewidth": 1.8, "legend.frameon": False,
    "svg.fonttype": "none", "font.family": "sans-serif", "figure.facecolor": "none", "axes.facecolor": "none",
}  # fmt: skip


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with our lines, colours and sizes inside `with house_style():`. A table's `run` is always inside."""
    with matplotlib.rc_context(STYLE):
        yield


def subplots(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 3.6), **options: Any
) -> tuple[Figure, Any]:
    """A figure and its axes, as `matplotlib.pyplot.subplots` gives, in the house style and without global state.

    Raises:
        TypeError or ValueError: if there is no row or column, or the size is not two positive numbers of inches.
    """
    whole_number("rows", rows, at_least=1)
    whole_number("columns", columns, at_least=1)
    for inches in size:
        number("size", inches, above=0)
    with house_style():
        figure = Figure(figsize=size, layout="constrained")
        return figure, figure.subplots(rows, columns, **options)


def to_svg(figure: Figure, name: str) -> str:
    """The figure as SVG: the same text for the same drawing (no date, no random ids, no metadata)."""
    for axes in figure.axes:
        if (legend := axes.get_legend()) is not None:
            legend.set_frame_on(False)
            for text in legend.get_texts():
                text.set_color(INK)
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    svg = buffer.getvalue().replace("#000000", INK)
    svg = svg[svg.index("<svg") :]  # without the XML declaration, which points to a DTD on the network
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)
