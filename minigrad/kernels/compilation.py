"""Compiling a kernel: `@compiled(...)` is `numba.njit(...)` with its machine code cached on disk.

A kernel is compiled for each dtype of its arrays, when it is first called with it. The kernels of a model take a few
seconds. The machine code goes to the folder that the environment variable NUMBA_CACHE_DIR names, by default to
`__pycache__` beside the kernel. If that is not writable, as in an installation for all users, it goes to the user's
cache folder. If no folder is writable, the kernels still work, but every process compiles them again.

A process that compiles prints one line about it to stderr, because its first step would otherwise seem to hang.
"""

import hashlib
import inspect
import sys
from collections.abc import Callable
from typing import Any

from minigrad.kernels import elementary
from minigrad.kernels.jit import FunctionCache, NullCache, njit

_SHARED = hashlib.sha256(inspect.getsource(elementary).encode()).hexdigest()
"""Part of every cache key. Numba notices changes in a kernel's own file, not in those whose functions it inlines."""

_announced = False


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """The decorator; it takes the options of `numba.njit`."""

    def decorate(function: Callable[..., Any]) -> Any:
        kernel = njit(**options)(function)
        try:
            kernel._cache = _OnDisk(function)
        except RuntimeError:  # Numba has found no writable folder
            kernel._cache = _Nowhere()
        return kernel

    return decorate


class _OnDisk(FunctionCache):
    """The cache of one kernel: that of `njit(cache=True)`, with another key and with the announcement.

    Numba does not document the two methods. They are the same in Numba 0.60 and 0.68, and tested.
    """

    def _index_key(self, signature: Any, codegen: Any) -> tuple[Any, ...]:
        return *super()._index_key(signature, codegen), _SHARED

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The machine code for arguments of these types. After None, Numba compiles it."""
        found = super().load_overload(signature, context)
        if found is None:
            _announce("once: they are cached on disk")
        return found


class _Nowhere(NullCache):
    """The cache if no folder is writable: it stores nothing."""

    def load_overload(self, signature: Any, context: Any) -> None:
        _announce("again in every process, because no folder is writable: set NUMBA_CACHE_DIR to one that is")


def _announce(consequence: str) -> None:
    global _announced
    if not _announced:
        print(f"minigrad: compiling kernels, which takes a few seconds ({consequence})", file=sys.stderr, flush=True)
        _announced = True
