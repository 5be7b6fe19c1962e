"""A progress bar in a terminal, a line now and then elsewhere (a log, a CI run)."""

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 30.0


class Bar:
    """Shows rate, time left and, if asked to, the loss. Use it in a `with` statement."""

    def __init__(self, total: int, description: str, unit: str = "step") -> None:
        self.total, self.description, self.unit = total, description, unit
        self.done = 0
        self._postfix = ""
        self._started = self._last_line = time.monotonic()
        in_terminal = sys.stderr.isatty()
        self._bar = tqdm(total=total, desc=description, unit=unit, leave=False, dynamic_ncols=True) if in_terminal else None

    def update(self, steps: int = 1) -> None:
        """Count `steps` more as done."""
        self.done += steps
        if self._bar is not None:
            self._bar.update(steps)
        elif time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._write_line()

    def set_postfix(self, **values: float | str) -> None:
        """Numbers to show at the end of the line: `set_postfix(accuracy=0.93)`."""
        shown = (f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items())
        self._set_text(", ".join(shown))

    def set_loss(self, loss: float, unigram_entropy: float) -> None:
        """Show the loss beside what knowing only how often each token occurs would give; nats per token."""
        self._set_text(f"loss {loss:.2f} (unigram {unigram_entropy:.2f})")

    def close(self) -> None:
        """Take the bar away; in a log, write the last line."""
        if self._bar is not None:
            self._bar.close()
        else:
            self._write_line()

    def _set_text(self, text: str) -> None:
        self._postfix = text
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)

    def _write_line(self) -> None:
        self._last_line = time.monotonic()
        elapsed = self._last_line - self._started
        line = tqdm.format_meter(
            self.done, self.total, elapsed, prefix=self.description, unit=self.unit, postfix=self._postfix,
            bar_format="{desc}{percentage:3.0f}%, {n_fmt} of {total_fmt}, {rate_fmt}, {remaining} left{postfix}",
        )  # fmt: skip
        print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
