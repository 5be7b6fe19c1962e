"""The library's source of randomness: one NumPy Generator, seeded in one place.

Initial weights and dropout draw from it unless they are given a Generator of their own. PCG64 gives the same numbers
on every operating system and processor.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad import checks

_generator = np.random.Generator(np.random.PCG64(0))


class _OfThread(threading.local):
    """The Generator that replaces the library's in this thread, if any."""

    generator: np.random.Generator | None = None


_of_thread = _OfThread()


def manual_seed(seed: int) -> None:
    """Restart the library's Generator from `seed`.

    Raises:
        TypeError: if seed is not an integer; ValueError: if it is negative.
    """
    global _generator
    seed = checks.whole_number("seed", seed, at_least=0)
    _generator = np.random.Generator(np.random.PCG64(seed))


def generator() -> np.random.Generator:
    """The library's Generator, or inside `drawing_from` the one that replaces it."""
    return _of_thread.generator or _generator


def chosen(of: np.random.Generator | None) -> np.random.Generator:
    """The given Generator, or the library's if it is None.

    Raises:
        TypeError: if it is anything else, such as a seed.
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
    """Replace the library's Generator in this thread. If several threads drew from one, the order of their draws, and
    so the numbers, would depend on timing."""
    outside, _of_thread.generator = _of_thread.generator, _checked(generator)
    try:
        yield
    finally:
        _of_thread.generator = outside


def get_state(of: np.random.Generator | None = None) -> dict[str, Any]:
    """The state of a Generator (the library's if None). JSON can represent that of a PCG64."""
    return dict(_of_library(of).bit_generator.state)


def set_state(state: dict[str, Any], of: np.random.Generator | None = None) -> None:
    """Restore a state from `get_state` in a Generator (the library's if None).

    Raises:
        ValueError: if the state belongs to another kind of generator, or is damaged. Nothing changes then.
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
