"""Compiling a kernel: `@compiled(...)` is `numba.njit(...)` whose machine code is kept on disk.

A kernel is compiled when it first meets arrays of a new dtype, and all those of a model take a few seconds. The
machine code goes to the folder that the variable NUMBA_CACHE_DIR names; without one to `__pycache__` beside the
kernel; where that cannot be written, as in an installation for all users, to the user's own cache folder. Where
nothing can be written, kernels work all the same, and are compiled by every process anew.

A process that compiles says so once, on stderr, lest its first step look as if it were stuck.
"""

import hashlib
import inspect
import sys
from collections.abc import Callable
from typing import Any

from minigrad.kernels import elementary
from minigrad.kernels.jit import FunctionCache, NullCache, njit

_SHARED = hashlib.sha256(inspect.getsource(elementary).encode()).hexdigest()
"""Numba notices a change in a kernel's own file; this is for the file whose functions end up in many kernels."""

_announced = False


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that takes the options of `numba.njit`."""

    def decorate(function: Callable[..., Any]) -> Any:
        kernel = njit(**options)(function)
        try:
            kernel._cache = _OnDisk(function)
        except RuntimeError:  # Numba has found no folder that it can write to
            kernel._cache = _Nowhere()
        return kernel

    return decorate


class _OnDisk(FunctionCache):
    """Numba's cache of one kernel, which `njit(cache=True)` would use as it is.

    What is overridden here is not documented, but the same in Numba 0.60 and 0.68, and tested.
    """

    def _index_key(self, signature: Any, codegen: Any) -> tuple[Any, ...]:
        return *super()._index_key(signature, codegen), _SHARED

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The machine code for arguments of these types; None means that Numba will now compile it."""
        found = super().load_overload(signature, context)
        if found is None:
            _announce("they are kept on disk")
        return found


class _Nowhere(NullCache):
    """In place of a cache that cannot be."""

    def load_overload(self, signature: Any, context: Any) -> None:
        _announce("in every process anew, for want of a folder to keep them in: NUMBA_CACHE_DIR can name one")


def _announce(consequence: str) -> None:
    global _announced
    if not _announced:
        print(f"minigrad: compiling kernels, which takes a few seconds ({consequence})", file=sys.stderr, flush=True)
        _announced = True
