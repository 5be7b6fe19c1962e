"""Types of command-line arguments, for argparse's `type=`. They are stricter than Python's `int` and `float`."""

from __future__ import annotations

import argparse
import os
import re

WHOLE = re.compile("-?[0-9]{1,18}")  # int() also accepts 1_0, +1 and digits of other scripts


def as_text(argument: str) -> str:
    """An argument as text: its bytes are read as UTF-8, whatever encoding the platform assumed."""
    try:
        return os.fsencode(argument).decode("utf-8")
    except UnicodeError:
        raise argparse.ArgumentTypeError(f"expected UTF-8 text, got {argument!r}") from None


def whole(argument: str) -> int:
    """A whole number in plain digits. The range is not checked."""
    if not WHOLE.fullmatch(argument):
        raise argparse.ArgumentTypeError(f"expected a whole number, got {argument!r:.40}")
    return int(argument)


def decimal(argument: str) -> float:
    """A number such as 0.9 or 1e-3. NaN and infinities are accepted: the check of the range rejects them by name."""
    try:
        if re.fullmatch("[-+.0-9a-zA-Z]{1,40}", argument):  # float() also accepts 1_0 and digits of other scripts
            return float(argument)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"expected a number, got {argument!r:.40}")
