"""A progress bar in a terminal; elsewhere (a log, a CI run) a line every half minute."""

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

from experiments.evidence.formatting import duration

SECONDS_BETWEEN_LINES = 30.0
_last_line = time.monotonic()  # when the last line was written, by whichever bar


def now_and_then(line: str) -> None:
    """Write the line, unless one was written within the last half minute."""
    if _line_is_due():
        _write(line)


class Bar:
    """Shows rate, time left and, if asked to, the loss. Use it in a `with` statement."""

    def __init__(self, total: int, description: str, unit: str = "step") -> None:
        self.total, self.description, self.unit = total, description, unit
        self.done = self.resumed_at = 0
        self._postfix = ""
        self._started = time.monotonic()
        self._has_written = False
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(total=total, desc=description, unit=unit, leave=False, dynamic_ncols=True)

    def resume_at(self, done: int) -> None:
        """Start from `done` instead of 0. The rate and the time left count only the steps from now on."""
        self.done = self.resumed_at = done
        if self._bar is not None:
            self._bar.initial = self._bar.n = done
            self._bar.refresh()

    def update(self, steps: int = 1) -> None:
        """Count `steps` more as done."""
        self.done += steps
        if self._bar is not None:
            self._bar.update(steps)
        elif _line_is_due():
            self._write_line()

    def set_postfix(self, **values: float | str) -> None:
        """Show numbers at the end of the line: `set_postfix(accuracy=0.93)`."""
        shown = {name: f"{value:.3g}" if isinstance(value, float) else value for name, value in values.items()}
        self._set_text(", ".join(f"{name} {value}" for name, value in shown.items()))

    def set_loss(self, loss: float, unigram_entropy: float | None = None) -> None:
        """Show the loss beside the unigram entropy, the loss of a model that knows only token frequencies."""
        beside = "" if unigram_entropy is None else f" (unigram {unigram_entropy:.2f})"
        self._set_text(f"loss {loss:.2f}{beside}")

    def close(self) -> None:
        """Remove the bar; in a log, write a last line if there was one before."""
        if self._bar is not None:
            self._bar.close()
        elif self._has_written or _line_is_due():
            self._write_line()

    def _set_text(self, text: str) -> None:
        self._postfix = text
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)

    def _write_line(self) -> None:
        self._has_written = True
        parts = [f"  {self.description}: {self.done:,} of {self.total:,} {self.unit}s"]
        newly_done, elapsed = self.done - self.resumed_at, time.monotonic() - self._started
        if self.done >= self.total:
            parts.append(f"took {duration(elapsed)}")
        elif newly_done:
            parts.append(f"{duration(elapsed / newly_done * (self.total - self.done))} left")
        if self._postfix:
            parts.append(self._postfix)
        _write(", ".join(parts))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _line_is_due() -> bool:
    return time.monotonic() - _last_line >= SECONDS_BETWEEN_LINES


def _write(line: str) -> None:
    global _last_line
    _last_line = time.monotonic()
    print(line, file=sys.stderr, flush=True)
