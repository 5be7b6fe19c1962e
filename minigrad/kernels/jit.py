"""Numba, the compiler of the fast kernels for a CPU. If it is missing, the error says what to do."""

from minigrad.errors import MissingPackageError

try:
    from numba import njit, types
    from numba.core.caching import FunctionCache, NullCache
    from numba.extending import overload
except ImportError as error:
    raise MissingPackageError(
        f"the fast kernels for a CPU need Numba, which cannot be imported ({error}): pip install numba. "
        'Without it, minigrad.use_kernels("reference") computes with NumPy alone, far more slowly'
    ) from error

__all__ = ["FunctionCache", "NullCache", "njit", "overload", "types"]
