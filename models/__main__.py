"""The command line: `python -m models download | generate | fill | embed`; the commands are in `commands.py`.

Exit codes: 0 done; 1 if the reader of the output closed the pipe; 2 for an error; 130 for Ctrl-C.
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. Ctrl-C ends it cleanly from the first import on."""
    try:
        from tokenizer.command.console import run

        return run(_act, arguments)
    except KeyboardInterrupt:  # before `run` handles it
        print("\nInterrupted.", file=sys.stderr)
        return 130


def _act(arguments: Sequence[str]) -> None:
    from tokenizer.command.console import orderly

    with orderly():
        from models import commands  # takes a second: NumPy, Numba

        commands.main(arguments)


if __name__ == "__main__":
    code = main()
    from tokenizer.command.console import leave

    leave(code)
