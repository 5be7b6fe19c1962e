"""A line that shows progress: rewritten in place in a terminal, added from time to time in a log."""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import suppress

SECONDS_IN_TERMINAL = 0.1  # between two lines
SECONDS_IN_LOG = 30.0


class Progress:
    """Shows on standard error how much of a total is done, the rate, and the remaining time."""

    def __init__(self, what: str, unit: str) -> None:
        """what: "learning"; unit: "merges"."""
        self.what, self.unit = what, unit
        self._in_terminal = sys.stderr.isatty()
        self._seconds = SECONDS_IN_TERMINAL if self._in_terminal else SECONDS_IN_LOG
        # (time, done) of the latest lines. The rate is computed from these only, because learning becomes faster.
        self._latest: deque[tuple[float, int]] = deque(maxlen=50)

    def update(self, done: int, total: int) -> None:
        """Show that `done` of `total` units are done, unless the last line is very recent."""
        now = time.monotonic()
        if not self._latest:
            self._latest.append((now, done))
        if now - self._latest[-1][0] < self._seconds:
            return
        start, done_then = self._latest[0]
        self._latest.append((now, done))
        line = f"{self.what}: {done:,} of {total:,} {self.unit}"
        if done > done_then:
            rate = (done - done_then) / (now - start)
            line += f", {rate:,.0f} a second, {_duration((total - done) / rate)} left"
        self._write(f"\r{line}\x1b[K" if self._in_terminal else f"{line}\n")

    def close(self) -> None:
        """Remove the line if it is in a terminal."""
        if self._in_terminal:
            self._write("\r\x1b[K")

    @staticmethod
    def _write(text: str) -> None:
        with suppress(OSError):  # a full disk or a closed terminal is no reason to stop the work
            sys.stderr.write(text)
            sys.stderr.flush()


def _duration(seconds: float) -> str:
    """`12 s`, `3.4 min`, `2.1 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
