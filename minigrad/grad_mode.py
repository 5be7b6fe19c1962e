"""Switching the tape off, for code that needs no gradients: evaluation, generation, writing in place."""

import threading
from contextlib import ContextDecorator


class _GradMode(threading.local):
    """The state of each thread, which starts with the tape on."""

    def __init__(self) -> None:
        self.enabled = True
        self.outside: list[bool] = []  # what holds outside of each open block, so that blocks may nest


_mode = _GradMode()


def is_grad_enabled() -> bool:
    """Whether ops are being recorded in this thread."""
    return _mode.enabled


class no_grad(ContextDecorator):
    """Switch the tape off inside a `with` block or a decorated function, in this thread."""

    def __enter__(self) -> "no_grad":
        _mode.outside.append(_mode.enabled)
        _mode.enabled = False
        return self

    def __exit__(self, *exception: object) -> None:
        _mode.enabled = _mode.outside.pop()
