"""A stand-in for CuPy and a GPU: arrays that behave as CuPy's do, on a machine that has neither.

A `FakeGPUArray` keeps its numbers in a NumPy array. What matters is what it refuses, which is what CuPy refuses:

- to be mixed with a NumPy array in arithmetic, in a function, as a value that is written, and as an index that is
  read (where CuPy would move it without a word);
- to become a NumPy array by itself: `.get()` or `.item()` must say so;
- NumPy's functions and their arguments that CuPy does not have, if CuPy is installed to compare with.

It counts the times that the host would wait for the GPU. CUDA kernels that are launched on such arrays run on the host.
"""

import functools
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from minigrad import cuda_on_host
from minigrad.kernels import cuda_source

try:
    import cupy as real_cupy
except ImportError:
    real_cupy = None


class FakeGPUArray(np.lib.mixins.NDArrayOperatorsMixin):
    """An array "on the GPU". The operators come from the mixin, which makes ufuncs of them."""

    n_waits = 0
    """How often the host has waited for the GPU."""

    def __init__(self, host: np.ndarray) -> None:
        self.host = host

    shape = property(lambda self: self.host.shape)
    dtype = property(lambda self: self.host.dtype)
    ndim = property(lambda self: self.host.ndim)
    size = property(lambda self: self.host.size)
    strides = property(lambda self: self.host.strides)
    nbytes = property(lambda self: self.host.nbytes)
    itemsize = property(lambda self: self.host.itemsize)
    flags = property(lambda self: self.host.flags)
    base = property(lambda self: None if self.host.base is None else FakeGPUArray(self.host.base))
    T = property(lambda self: FakeGPUArray(self.host.T))
    data = property(lambda self: SimpleNamespace(ptr=self.host.ctypes.data))
    device = property(lambda self: SimpleNamespace(id=0))
    __cuda_array_interface__ = property(lambda self: {"shape": self.host.shape, "version": 3})

    # -- what NumPy hands over ----------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if real_cupy is not None and not hasattr(real_cupy, ufunc.__name__):
            return NotImplemented
        result = getattr(ufunc, method)(*to_host(inputs), **to_host(options))
        return options["out"][0] if "out" in options else to_gpu(result)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        if function in (np.array, np.asarray):  # np.asarray(numbers, like=x): the one way in
            return to_gpu(function(*arguments, **options).copy())
        if real_cupy is not None:
            modules = function.__module__.split(".")[1:]
            theirs = functools.reduce(getattr, [*modules, function.__name__], real_cupy)
            if callable(theirs) and not inspect.isbuiltin(theirs):
                inspect.signature(theirs).bind(*arguments, **options)
        return to_gpu(function(*to_host(arguments), **to_host(options)))

    # -- what waits ---------------------------------------------------------------------------------

    def get(self) -> np.ndarray:
        FakeGPUArray.n_waits += 1
        return self.host.copy()

    def item(self) -> Any:
        return self.get().item()

    def tolist(self) -> Any:
        return self.get().tolist()

    def __bool__(self) -> bool:
        return bool(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __str__(self) -> str:
        return str(self.get())

    # -- parts --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.host)

    def __iter__(self) -> Iterator["FakeGPUArray"]:
        return (self[i] for i in range(len(self.host)))

    def __getitem__(self, index: Any) -> "FakeGPUArray":
        return to_gpu(self.host[to_host(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        places = index if isinstance(index, tuple) else (index,)
        self.host[tuple(place if isinstance(place, np.ndarray) else to_host(place) for place in places)] = to_host(
            value
        )

    # -- methods, with the arguments that CuPy's have -----------------------------------------------

    def astype(self, dtype: Any, order: str = "K", casting: Any = None, subok: Any = None, copy: bool = True) -> Any:
        if not copy and self.dtype == dtype:
            return self
        return to_gpu(self.host.astype(dtype, order=order))

    def view(self, dtype: Any) -> Any:
        return to_gpu(self.host.view(dtype))

    def copy(self, order: str = "C") -> Any:
        return to_gpu(self.host.copy(order))

    def reshape(self, *shape: Any) -> Any:
        return to_gpu(self.host.reshape(*shape))

    def transpose(self, *axes: Any) -> Any:
        return to_gpu(self.host.transpose(*axes))

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        return to_gpu(self.host.swapaxes(axis1, axis2))

    def squeeze(self, axis: Any = None) -> Any:
        return to_gpu(self.host.squeeze(axis))

    def sum(self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return to_gpu(self.host.sum(axis, dtype, keepdims=keepdims))

    def mean(self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return to_gpu(self.host.mean(axis, dtype, keepdims=keepdims))

    def max(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return to_gpu(self.host.max(axis, keepdims=keepdims))

    def min(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return to_gpu(self.host.min(axis, keepdims=keepdims))

    def all(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
        return to_gpu(self.host.all(axis, keepdims=keepdims))


def to_gpu(value: Any) -> Any:
    """A result, with its NumPy arrays, and NumPy's numbers, as arrays on the GPU."""
    if isinstance(value, np.ndarray | np.generic):
        return FakeGPUArray(np.asarray(value))
    return type(value)(map(to_gpu, value)) if type(value) in (list, tuple) else value


def to_host(value: Any) -> Any:
    """An argument, with the numbers of its arrays on the GPU.

    Raises:
        TypeError: if there is a NumPy array among them.
    """
    if isinstance(value, FakeGPUArray):
        return value.host
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}: a NumPy array beside one on the GPU")
    if type(value) is dict:
        return {name: to_host(each) for name, each in value.items()}
    return type(value)(map(to_host, value)) if type(value) in (list, tuple) else value


def asarray(value: Any) -> FakeGPUArray:
    """`cupy.asarray`: what comes from the host is copied."""
    return value if isinstance(value, FakeGPUArray) else FakeGPUArray(np.array(value))


@contextmanager
def waits() -> Iterator[list[int]]:
    """How often the host waits for the GPU inside the `with` block; the list gets the number at its end."""
    before, found = FakeGPUArray.n_waits, list[int]()
    yield found
    found.append(FakeGPUArray.n_waits - before)


def _compiled(path: Any, kernel: str) -> Any:
    def launch(blocks: Any, threads: Any, arguments: Any) -> None:
        cuda_on_host.launch(path, kernel, blocks, threads, [to_host(argument) for argument in arguments])

    return launch


def plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let minigrad find a GPU."""
    runtime = SimpleNamespace(getDevice=lambda: 0)
    cuda = SimpleNamespace(is_available=lambda: True, runtime=runtime)
    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(asarray=asarray, cuda=cuda))
    monkeypatch.setattr(cuda_source, "_cuda_runtime", lambda: runtime)
    monkeypatch.setattr(cuda_source, "_compiled", _compiled)
