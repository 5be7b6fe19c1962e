"""Kernels: the functions of raw arrays that do a model's heavy arithmetic.

Each kernel has a folder, and all folders have the same files. `reference.py` is the specification in NumPy, short and
meant to be stepped through. `cpu.py` is the fast version for a CPU, compiled by Numba. `cuda.cu` is the fast version
for a GPU, in CUDA C++; `cuda.py` launches it. `__init__.py` states the contract, checks it, and calls one of the three.
Which one is an explicit choice:

    minigrad.use_kernels("reference")          # from here on
    with minigrad.use_kernels("reference"):    # or inside a block

`"fast"` is the default: `cpu.py` or `cuda.cu`, depending on where the array lives. `"cuda_on_host"` runs `cuda.cu` on
arrays that live on the CPU. That is slow; it lets a debugger step through CUDA C++ on a machine without a GPU.
`"reference"` is slow as well: a training step of a GPT of width 64 takes seconds instead of milliseconds, most of it in
the matrix products. Step through small shapes with it.

The first call of a fast kernel imports Numba and compiles the kernel. Without Numba that call raises a
MissingPackageError that says what to install.

Compiled code does not check bounds. So the contract checks shapes, whichever kernel runs, and every kernel checks the
indices that it is given. Kernels compute in float32 and float64, and refuse every other dtype by name (bfloat16 is for
tensor cores alone).
"""

import functools
import importlib
import sys
from typing import Any

import numpy as np

from minigrad import switches
from minigrad.array_type import Array
from minigrad.device import device_of
from minigrad.errors import DeviceError

_CHOICES = ("reference", "fast", "cuda_on_host")
_DTYPES = frozenset((np.dtype(np.float32), np.dtype(np.float64), None))


class use_kernels:
    """Choose the kernels: `"fast"` (the default), `"reference"` or `"cuda_on_host"`; in a `with` block, for the block.

    The choice is one for the whole process, all threads included.

    Raises:
        ValueError: if name is none of them.
    """

    def __init__(self, name: str) -> None:
        if name not in _CHOICES:
            raise ValueError(f'name must be "reference", "fast" or "cuda_on_host", got {name!r}')
        self.name, self.outside, switches.kernels = name, switches.kernels, name

    def __enter__(self) -> "use_kernels":
        switches.kernels = self.name  # already so, unless this is not the first block of the same object
        return self

    def __exit__(self, *exception: object) -> None:
        switches.kernels = self.outside


def active_kernels() -> str:
    """`"fast"`, `"reference"` or `"cuda_on_host"`."""
    return switches.kernels


def backend_for(kernel: str, array: Any) -> Any:
    """The module of the package `kernel` that computes on `array`: its `reference`, its `cuda` or its `cpu`.

    A contract passes its own `__name__`, and calls the function of its own name in the module.

    Raises:
        TypeError: if the array is neither float32 nor float64, whichever kernel would run.
        DeviceError: if the array lives on a GPU and kernels are to run on the host.
        MissingPackageError: if the module is `cpu` and Numba is not installed.
    """
    active = switches.kernels
    if active == "reference":
        backend = "reference"
    elif type(array) is np.ndarray or device_of(array) == "cpu":  # the first is quick, and this runs for every op
        backend = "cpu" if active == "fast" else "cuda"
    elif active == "fast":
        backend = "cuda"
    else:
        raise DeviceError(
            'use_kernels("cuda_on_host") runs CUDA kernels on the CPU, for arrays that live there; this one is on '
            'a GPU, where use_kernels("fast") runs them'
        )
    if getattr(array, "dtype", None) not in _DTYPES and not (backend == "cuda" and array.dtype.name == "bfloat16"):
        function = sys._getframe(1).f_code.co_name
        raise TypeError(f"{function} is for float32 and float64, got {array.dtype}; convert it with .astype('float32')")
    return _imported(kernel, backend)


@functools.cache
def _imported(kernel: str, backend: str) -> Any:
    """The module, imported when it is first needed: `cpu` imports Numba, which takes a while and may be missing.

    A look into `sys.modules` would not do in its place: while one thread imports a module, it is there half finished.
    """
    return importlib.import_module(f"{kernel}.{backend}")


def wrong_shape(name: str, array: Array, shape: tuple[int, ...]) -> ValueError:
    """The error to raise for an array that has not the shape. (A contract compares; it calls this only to refuse.)"""
    return ValueError(f"{name} must have the shape {shape}, got {array.shape}")
