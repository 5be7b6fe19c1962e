"""How a command says what is wrong, and its exit code."""

from __future__ import annotations


def report(problems: list[str], advice: str) -> int:
    """Print what is wrong, and what helps; the exit code, 1 if something is wrong."""
    for line in [*problems, advice] if problems else ["Nothing differs."]:
        print(line)
    return 1 if problems else 0
