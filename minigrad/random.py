"""The library's one source of randomness: a NumPy Generator, seeded in one place.

Initial weights and dropout draw from it unless they are handed a Generator of their own. PCG64
gives the same numbers on every operating system and processor.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_generator = np.random.Generator(np.random.PCG64(0))


class _OfThread(threading.local):
    """What stands in for the library's Generator in this thread."""

    generator: np.random.Generator | None = None


_of_thread = _OfThread()


def manual_seed(seed: int) -> None:
    """Start the library's Generator again from `seed`."""
    global _generator
    _generator = np.random.Generator(np.random.PCG64(seed))


def generator() -> np.random.Generator:
    """The library's Generator, or inside of `drawing_from` the one that stands in for it."""
    return _of_thread.generator or _generator


@contextmanager
def drawing_from(generator: np.random.Generator) -> Iterator[None]:
    """Let a Generator stand in for the library's, in this thread: threads that drew from one would draw in an
    order that nobody knows."""
    outside, _of_thread.generator = _of_thread.generator, generator
    try:
        yield
    finally:
        _of_thread.generator = outside


def get_state(of: np.random.Generator | None = None) -> dict[str, Any]:
    """The state of a Generator (the library's if None). That of a PCG64 is what JSON can hold."""
    return dict((of or _generator).bit_generator.state)


def set_state(state: dict[str, Any], of: np.random.Generator | None = None) -> None:
    """Put a Generator (the library's if None) back into a state from `get_state`.

    Raises:
        ValueError: if the state belongs to another kind of generator.
    """
    target = (of or _generator).bit_generator
    if state.get("bit_generator") != type(target).__name__:
        raise ValueError(f"state must be one of {type(target).__name__}, got {state.get('bit_generator')!r}")
    target.state = state
