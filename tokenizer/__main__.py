"""The command line: `python -m tokenizer train | encode | decode | show`; the commands are in `command/commands.py`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tokenizer.command.console import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return run(_commands, arguments)


def _commands(arguments: Sequence[str]) -> None:
    from tokenizer.command import commands  # here, so that Ctrl-C during the import also ends in one line

    commands.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
