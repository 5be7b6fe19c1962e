"""Kernels: functions of raw arrays that do a model's heavy arithmetic.

One folder a kernel, and the same rooms in each: `reference.py` is the specification in NumPy,
short and made to be stepped through; `cpu.py` is the fast version for a CPU, compiled by Numba;
`cuda.cu` is the fast version for a GPU, in CUDA C++, launched by `cuda.py`. The folder's
`__init__.py` states the contract and makes the choice between them. The choice is explicit:

    minigrad.use_kernels("reference")          # from here on
    with minigrad.use_kernels("reference"):    # or inside a block

`"fast"` is the default: `cpu.py` or `cuda.cu`, depending on where the array lives. `"cuda_on_host"`
runs `cuda.cu` on arrays that live on the CPU: slow, and made to be stepped through, too.

Numba is imported, and a kernel compiled, when a fast kernel is first called. Without Numba that call raises a
MissingPackageError, which says what to install.

A compiled kernel reads and writes wherever its numbers point. So the contract checks shapes, whichever kernel runs,
and no kernel trusts the indices that an array holds. Kernels compute in float32 and float64, and refuse every other
dtype by name (bfloat16 is for tensor cores alone).
"""

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


def wants_reference(array: Any) -> bool:
    """Whether the reference kernel is to run on `array`.

    Raises:
        TypeError: if the array is neither float32 nor float64. All kernels compute in these, by whichever way an
            array has come to them.
    """
    if getattr(array, "dtype", None) not in _DTYPES:
        _refuse(array)
    return switches.kernels == "reference"


def _refuse(array: Any) -> None:
    """Say for which kernel the dtype is none; but let bfloat16 through to the GPU, where attention takes it."""
    if array.dtype.name == "bfloat16" and switches.kernels != "reference" and wants_cuda(array):
        return
    kernel = sys._getframe(2).f_code.co_name  # it called `wants_reference`, which called this
    raise TypeError(f"{kernel} is for float32 and float64, got {array.dtype}; convert it with .astype('float32')")


def wants_cuda(array: object) -> bool:
    """Whether the CUDA kernel is to run on `array`. If neither this nor `wants_reference`, the one for the CPU is.

    Raises:
        DeviceError: if the array lives on a GPU and kernels are to run on the host.
    """
    if type(array) is np.ndarray or device_of(array) == "cpu":  # the first is quick; this is asked for every kernel
        return switches.kernels == "cuda_on_host"
    if switches.kernels == "cuda_on_host":
        raise DeviceError(
            'use_kernels("cuda_on_host") runs CUDA kernels on the CPU, for arrays that live there; this one is on '
            'a GPU, where use_kernels("fast") runs them'
        )
    return switches.kernels == "fast"


def check_shape(name: str, array: Array, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless the array has the shape."""
    if array.shape != shape:
        raise ValueError(f"{name} must have the shape {shape}, got {array.shape}")


def check_range(name: str, indices: Array, stop: int) -> None:
    """Raise ValueError unless the indices lie in [0, stop). A GPU, which would have to be waited for, is not asked."""
    if isinstance(indices, np.ndarray) and indices.size and (indices.min() < 0 or indices.max() >= stop):
        raise ValueError(f"{name} must lie in [0, {stop}), got {indices.min()} to {indices.max()}")
