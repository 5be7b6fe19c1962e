"""Launching CUDA kernels: a `.cu` file is compiled for the device of the arrays.

    SOURCE = CudaSource(__file__)  # in cuda.py: the cuda.cu beside it
    SOURCE.launch(f"scale<{c_type(x)}>", n_blocks, n_threads, x, out, np.int32(x.size), np.float32(2))

A kernel is named as in C++, with its template arguments. It is compiled when it is first launched: for arrays on a GPU
by NVRTC, through CuPy; for NumPy arrays by a C++ compiler, and then it runs on the CPU (see `minigrad.cuda_on_host`).

CUDA itself checks nothing: it passes bytes, and the kernel reads them as the types that it declares. So `launch` checks
what can be known about the arguments.
"""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import cuda_on_host
from minigrad.array_type import Array
from minigrad.device import cupy
from minigrad.errors import DeviceError

OPTIONS = ("-std=c++17", "-DINFINITY=__int_as_float(0x7f800000)")
"""For NVRTC, which has no standard headers, and so no INFINITY."""

MAX_THREADS = 1024
"""The most threads that a block can have."""

_SCALARS = (np.int32, np.int64, np.float32, np.float64)
_C_TYPES = {"float32": "float", "float64": "double"}


def c_type(array: Array, *others: Array) -> str:
    """The type of the arrays' elements in CUDA C++: `"float"` or `"double"`.

    Raises:
        TypeError: if their dtype is neither float32 nor float64, or they have several.
    """
    names = {each.dtype.name for each in (array, *others)}
    if len(names) > 1:
        raise TypeError(f"the arrays must have one dtype, got {' and '.join(sorted(names))}")
    if array.dtype.name not in _C_TYPES:
        raise TypeError(f"CUDA kernels are for {' and '.join(_C_TYPES)}; got an array of {array.dtype.name}")
    return _C_TYPES[array.dtype.name]


def address(array: Array) -> int:
    """The address of an array's first element. Loads of 16 bytes need a multiple of 16."""
    return int(array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr)


def contiguous(array: Array) -> Array:
    """The array itself if it is C-contiguous, else a copy that is."""
    return array if array.flags.c_contiguous else array.copy(order="C")


def elements_per_load(rows: Array, *others: Array) -> int:
    """The elements of 16 bytes, if every row starts at a multiple of 16 bytes, else 1: what a thread may load at once.

    `rows` (..., D) and the others, which have the same D, are C-contiguous.
    """
    pack = 16 // rows.itemsize
    return pack if rows.shape[-1] % pack == 0 and all(address(array) % 16 == 0 for array in (rows, *others)) else 1


class CudaSource:
    """The kernels of the `.cu` file that has the name of a Python file, beside it."""

    def __init__(self, python_file: str) -> None:
        self.path = Path(python_file).with_suffix(".cu")

    def launch(
        self, kernel: str, grid: int | tuple[int, ...], block: int | tuple[int, ...], *arguments: Array | np.generic
    ) -> None:
        """Run `kernel` with `grid` blocks of `block` threads; a grid without blocks runs nothing.

        The arguments, in the kernel's order, are C-contiguous arrays, all on one device, and numbers as np.int32,
        np.int64, np.float32 or np.float64.

        Raises:
            TypeError: if an argument is something else.
            ValueError: if an array is not C-contiguous, or grid or block is out of CUDA's range.
            DeviceError: if arrays live on different devices, or the compiler is missing.
        """
        blocks, threads = _three("grid", grid), _three("block", block)
        if not 1 <= threads[0] * threads[1] * threads[2] <= MAX_THREADS or threads[2] > 64:
            raise ValueError(f"{kernel}: a block has 1 to {MAX_THREADS} threads, at most 64 along z; got {block}")
        if not (0 <= blocks[0] < 2**31 and 0 <= blocks[1] < 2**16 and 0 <= blocks[2] < 2**16):
            raise ValueError(f"{kernel}: a grid has fewer than 2³¹ blocks along x, 2¹⁶ along y and z; got {grid}")
        on_host = _check(kernel, arguments)
        if 0 in blocks:
            return
        if on_host:
            cuda_on_host.launch(self.path, kernel, blocks, threads, arguments)
        else:
            _compiled(self.path, kernel)(blocks, threads, arguments)


def _three(name: str, sizes: int | tuple[int, ...]) -> tuple[int, int, int]:
    sizes = sizes if isinstance(sizes, tuple) else (sizes,)
    if not 1 <= len(sizes) <= 3:
        raise ValueError(f"{name} must be one to three integers, got {sizes}")
    x, y, z = (*sizes, 1, 1)[:3]
    return int(x), int(y), int(z)


def _check(kernel: str, arguments: tuple[Any, ...]) -> bool:
    """Check what `launch` says about arguments; return whether the arrays are NumPy's."""
    places = {}
    for i, argument in enumerate(arguments):
        if isinstance(argument, _SCALARS):
            continue
        on_host = isinstance(argument, np.ndarray)
        if not on_host and not hasattr(argument, "__cuda_array_interface__"):
            raise TypeError(
                f"argument {i} of {kernel} must be an array or one of np.int32, np.int64, np.float32, np.float64; "
                f"got {argument!r} of type {type(argument).__name__}"
            )
        if not argument.flags.c_contiguous:
            raise ValueError(
                f"argument {i} of {kernel} must be C-contiguous, got shape {argument.shape} with strides "
                f"{argument.strides}; cuda_source.contiguous(array) makes a copy"
            )
        places[None if on_host else argument.device.id] = i
    if len(places) > 1:
        where = ("the CPU" if place is None else f"GPU {place}" for place in places)
        raise DeviceError(f"{kernel} was given arrays on {' and '.join(where)}; move them to one device first")
    place = next(iter(places), None)
    if place is not None and place != (current := _cuda_runtime().getDevice()):
        raise DeviceError(f"{kernel} was given arrays on GPU {place}, and GPU {current} is the current one")
    return place is None


@functools.cache
def _cuda_runtime() -> Any:
    """CuPy's runtime, cached for every launch: `cupy()` looks for a GPU each time."""
    return cupy().cuda.runtime


@functools.cache
def _compiled(path: Path, kernel: str) -> Any:
    """The kernel as a function that CuPy launches. CuPy compiles it for each GPU that it is launched on."""
    code = path.read_text("utf-8")
    return cupy().RawModule(code=code, options=OPTIONS, name_expressions=(kernel,)).get_function(kernel)
