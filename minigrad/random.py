"""The library's one source of randomness: a NumPy Generator, seeded in one place.

Initial weights and dropout draw from it unless they are handed a Generator of their own. PCG64
gives the same numbers on every operating system and processor.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad import checks

_generator = np.random.Generator(np.random.PCG64(0))


class _OfThread(threading.local):
    """What stands in for the library's Generator in this thread."""

    generator: np.random.Generator | None = None


_of_thread = _OfThread()


def manual_seed(seed: int) -> None:
    """Start the library's Generator again from `seed`.

    Raises:
        TypeError: if seed is not an integer; ValueError: if it is negative.
    """
    global _generator
    seed = checks.whole_number("seed", seed, at_least=0)
    _generator = np.random.Generator(np.random.PCG64(seed))


def generator() -> np.random.Generator:
    """The library's Generator, or inside of `drawing_from` the one that stands in for it."""
    return _of_thread.generator or _generator


def chosen(of: np.random.Generator | None) -> np.random.Generator:
    """The Generator that is given, or the library's if it is None.

    Raises:
        TypeError: if it is something else, such as a seed.
    """
    return generator() if of is None else _checked(of)


def _checked(of: Any) -> np.random.Generator:
    if not isinstance(of, np.random.Generator):
        raise TypeError(
            f"generator must be a numpy.random.Generator, as from np.random.default_rng(seed); "
            f"got {of!r:.200} of type {type(of).__name__}"
        )
    return of


@contextmanager
def drawing_from(generator: np.random.Generator) -> Iterator[None]:
    """Let a Generator stand in for the library's, in this thread: threads that drew from one would draw in an
    order that nobody knows."""
    outside, _of_thread.generator = _of_thread.generator, _checked(generator)
    try:
        yield
    finally:
        _of_thread.generator = outside


def get_state(of: np.random.Generator | None = None) -> dict[str, Any]:
    """The state of a Generator (the library's if None). That of a PCG64 is what JSON can hold."""
    return dict(_of_library(of).bit_generator.state)


def set_state(state: dict[str, Any], of: np.random.Generator | None = None) -> None:
    """Put a Generator (the library's if None) back into a state from `get_state`.

    Raises:
        ValueError: if the state belongs to another kind of generator, or is damaged; nothing has changed then.
        TypeError: if it is not a dictionary.
    """
    target = _of_library(of).bit_generator
    kind = type(target).__name__
    if not isinstance(state, dict):
        raise TypeError(f"state must be a dictionary from get_state, got {state!r:.200} of type {type(state).__name__}")
    if state.get("bit_generator") != kind:
        raise ValueError(f"state must be one of {kind}, got {state.get('bit_generator')!r}")
    try:
        target.state = state
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"state is not a whole state of {kind}: {error!r}") from error


def _of_library(of: np.random.Generator | None) -> np.random.Generator:
    return _generator if of is None else _checked(of)
