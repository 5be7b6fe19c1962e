"""The command line: `python -m tokenizer train | encode | decode | show`; the commands are in `commands.py`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tokenizer.console import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    return run(_commands, arguments)


def _commands(arguments: Sequence[str]) -> None:
    from tokenizer import commands  # here, so that Ctrl-C while importing ends in one line, too

    commands.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
