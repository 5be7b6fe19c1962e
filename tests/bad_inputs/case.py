"""One line of the tables of bad input."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Case(NamedTuple):
    """A call that must be refused.

    Attributes:
        name: what is wrong, in a few words; unique in its table.
        call: does it. It is given an empty folder of its own.
        error: the type of the error, exactly or a base of it.
        words: what its message must hold: the argument's name, what came, what was expected.
    """

    name: str
    call: Callable[[Path], object]
    error: type[Exception]
    words: tuple[str, ...]
