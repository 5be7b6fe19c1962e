"""How a terminal shows pieces and merges.

The pieces of a text have alternating background colours. Without colours there are bars between them: the| cat| s|at
The history of a word is shown with one merge a line, or as a tree that grows downwards to the last merge, its root:

    l o w e r                     l  o  w  e  r
    l o w er   1: e + r           │  │  │  └┬─┘  1: er
    lo w er    2: l + o           └┬─┘  │   │    2: lo
    low er     3: lo + w           └─┬──┘   │    3: low
    lower      4: low + er           └──┬───┘    4: lower
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import cycle, pairwise
from typing import Any

from tokenizer.merges import visible

COLOURS = (152, 223, 182, 150, 217)  # among the 256 colours of a terminal: pale backgrounds for black letters
LAYOUT = " \n\t"  # characters of a text that are printed as they are


def shows_colours() -> bool:
    """Whether standard output is a terminal, and its user has not switched colours off (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def coloured(pieces: Sequence[str | bytes]) -> str:
    """The pieces on alternating backgrounds. Line ends have none, or the colour would extend to the edge."""
    painted = []
    for piece, colour in zip(pieces, cycle(COLOURS), strict=False):
        lines = visible(piece, keep=LAYOUT).split("\n")
        painted.append("\n".join(f"\x1b[38;5;16;48;5;{colour}m{line}\x1b[0m" if line else "" for line in lines))
    return "".join(painted)


def barred(pieces: Sequence[str | bytes]) -> str:
    """The pieces with bars between them."""
    return "|".join(visible(piece, keep=LAYOUT) for piece in pieces)


def history(states: Sequence[Sequence[Any]], merges: Sequence[tuple[Any, Any]]) -> Iterator[str]:
    """A line for each state of a word on the way to its pieces, with the merge that led to it and its number.

    states: what `steps` of a tokenizer yields; merges: the tokenizer's
    """
    shown = [" ".join(map(visible, state)) for state in states]
    room = max(map(_width, shown))
    yield shown[0]
    for (before, after), line in zip(pairwise(states), shown[1:], strict=True):
        pair = _merged(before, after)[1]
        padding = " " * (room - _width(line))
        yield f"{line}{padding}  {merges.index(pair) + 1}: {' + '.join(map(visible, pair))}"


def tree(states: Sequence[Sequence[Any]], merges: Sequence[tuple[Any, Any]]) -> Iterator[str]:
    """The same as a drawing: each line joins two neighbours, whose vertical lines come from above."""
    columns = []  # the column of each symbol's vertical line, below its middle
    width = 0
    for leaf in map(visible, states[0]):
        columns.append(width + (_width(leaf) - 1) // 2)
        width += _width(leaf) + 2
    yield "  ".join(map(visible, states[0]))
    for before, after in pairwise(states):
        i, pair = _merged(before, after)
        row = [" "] * width  # ends with two spaces after the last leaf
        for column in columns:
            row[column] = "│"
        left, right = columns[i : i + 2]
        row[left : right + 1] = ["└", *"─" * (right - left - 1), "┘"]
        middle = (left + right) // 2
        row[middle] = "┬"
        columns[i : i + 2] = [middle]
        yield f"{''.join(row)}{merges.index(pair) + 1}: {visible(after[i])}"


def _merged(before: Sequence[Any], after: Sequence[Any]) -> tuple[int, tuple[Any, Any]]:
    """The place of the merge between two states, and the two symbols that it joined."""
    i = next(i for i, symbol in enumerate(after) if symbol != before[i])
    return i, (before[i], before[i + 1])


def _width(text: str) -> int:
    """The number of columns of a text in a terminal: two for a wide character, none for a combining one."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
