"""CUDA kernels on a CPU: the same source, compiled as C++, for machines without a GPU, and for a debugger.

    with minigrad.use_kernels("cuda_on_host"):
        loss.backward()

How it works:

- `shim.h` defines the parts of CUDA C++ that our kernels use. `__global__` is empty, `__shared__` is `static`,
  `threadIdx` is a global variable, and `exp` is the C library's.
- A program consists of the shim, the `.cu` file and, for one kernel, a function that C can call: it takes the kernel's
  arguments as an array of pointers. $CXX (or g++, or clang++) compiles it to a library. The library is kept in the
  user's cache folder under the hash of all its sources and flags, and `ctypes` loads it.
- Each thread of a block is a fibre: a stack and a set of registers, which `swapcontext` exchanges for those of another.
  One runs at a time, until it reaches `__syncthreads()` or a warp function (a shuffle, `__syncwarp()`). Then another
  runs. The warps of a block run one after the other up to the barrier, and so do the blocks of a grid up to their end.
- A barrier that some threads do not reach is an error that names two threads and their lines. (On a GPU it hangs or is
  undefined.) Shared memory is filled with NaN before each block.
- A GPU guarantees no order of threads between two barriers. Here threads, warps and blocks run first to last, or in
  `backwards()` last to first. If a kernel lacks a barrier, then in one of the two orders a thread reads what another
  has not written yet, and the results differ.

It shows neither speed nor mistakes that need two threads at the same instant. Instructions that C++ does not have (of
tensor cores, asynchronous copies) are inside `#ifndef CUDA_ON_HOST`, with the same in C++ in the `#else`.

Tested on Linux. It should work where `ucontext.h` does, which leaves out Windows.
"""

import contextlib
import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import switches
from minigrad.errors import DeviceError

_SHIM = Path(__file__).with_name("shim.h")
_FLAGS = (
    "-std=c++17",
    "-O1",
    "-g",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-fno-strict-aliasing",
    "-U_FORTIFY_SOURCE",
)
_LAUNCHER = """\
#include "{shim}"
#include "{source}"
#define PUBLIC extern "C" __attribute__((visibility("default")))
PUBLIC const char* kernel_signature() {{ return cuda_on_host::signature({kernel}); }}
PUBLIC const char* kernel_launch(const unsigned* grid, const unsigned* block, int backwards, void** arguments) {{
    return cuda_on_host::launch({kernel}, grid, block, backwards, arguments);
}}
"""
_one_at_a_time = threading.Lock()  # a library has one scheduler and one copy of shared memory
_announced = False


@contextlib.contextmanager
def backwards() -> Iterator[None]:
    """Run threads, warps and blocks last to first inside the `with` block."""
    outside, switches.last_thread_first = switches.last_thread_first, True
    try:
        yield
    finally:
        switches.last_thread_first = outside


def launch(source: Path, kernel: str, grid: Sequence[int], block: Sequence[int], arguments: Sequence[Any]) -> None:
    """Run a kernel of the file `source` on NumPy arrays and NumPy scalars.

    Raises:
        DeviceError: if there is no C++ compiler.
        TypeError: if an argument has not the type that the kernel declares.
        RuntimeError: if the source does not compile, or threads of the kernel wait for each other forever.
    """
    with _one_at_a_time:
        library = _library(source, kernel)
        _check_types(kernel, library.kernel_signature().decode().split(), arguments)
        values = [_value(argument) for argument in arguments]
        pointers = (ctypes.c_void_p * len(values))(*[ctypes.addressof(value) for value in values])
        sizes = (ctypes.c_uint * 3)(*grid), (ctypes.c_uint * 3)(*block)
        problem = library.kernel_launch(*sizes, switches.last_thread_first, pointers)
    if problem is not None:
        raise RuntimeError(f"{kernel}: {problem.decode()} ({source})")


def _value(argument: Any) -> Any:
    """The bytes that a launch passes to a kernel: an array's address, a scalar's value."""
    if isinstance(argument, np.ndarray):
        return ctypes.c_void_p(argument.ctypes.data)
    return ctypes.create_string_buffer(argument.tobytes())


def _check_types(kernel: str, declared: list[str], arguments: Sequence[Any]) -> None:
    """A GPU would read whatever bytes it is passed. Here the compiler knows the types of the parameters."""
    if len(declared) != len(arguments):
        raise TypeError(f"{kernel} takes {len(declared)} arguments, got {len(arguments)}")
    for i, (code, argument) in enumerate(zip(declared, arguments, strict=True)):
        pointer = "*" * isinstance(argument, np.ndarray)
        given = f"{pointer}{argument.dtype.kind}{argument.dtype.itemsize}"
        if given != code:
            raise TypeError(f"argument {i} of {kernel} must be {code} (NumPy's codes, * for an array), got {given}")


@functools.cache
def _library(source: Path, kernel: str) -> Any:
    """The compiled kernel; from disk, if it was compiled before."""
    flags = [*_FLAGS, *os.environ.get("CXXFLAGS", "").split()]
    program = _LAUNCHER.format(shim=_SHIM, source=source, kernel=kernel)
    made_of = [compiler(), *flags, program, _SHIM.read_text("utf-8"), source.read_text("utf-8")]
    folder = _cache_folder()
    path = folder / f"{hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]}.so"
    if not path.exists():
        _announce()
        unfinished = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        command = [compiler(), *flags, "-x", "c++", "-", "-o", str(unfinished)]
        done = subprocess.run(command, input=program, capture_output=True, encoding="utf-8")
        if done.returncode != 0:
            raise RuntimeError(f"{compiler()} cannot compile {kernel} of {source}:\n{done.stderr}")
        os.replace(unfinished, path)
    library = ctypes.CDLL(str(path))
    library.kernel_signature.restype = library.kernel_launch.restype = ctypes.c_char_p
    return library


def _announce() -> None:
    """Say once why the first step takes long."""
    global _announced
    if not _announced:
        print("minigrad: compiling CUDA kernels for the CPU, half a second each", file=sys.stderr, flush=True)
        _announced = True


def compiler() -> str:
    """The C++ compiler: $CXX, or g++, or clang++.

    Raises:
        DeviceError: if it is not in PATH.
    """
    wanted = [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "clang++"]
    for name in wanted:
        if path := shutil.which(name):
            return path
    raise DeviceError(
        f'use_kernels("cuda_on_host") needs a C++ compiler, and there is no {" or ".join(wanted)} in PATH: '
        "install one, or name yours in the variable CXX"
    )


@functools.cache
def _cache_folder() -> Path:
    """The user's cache folder; if it is not writable, a temporary one for this process."""
    users = Path.home() / "Library" / "Caches" if sys.platform == "darwin" else Path.home() / ".cache"
    folder = Path(os.environ.get("XDG_CACHE_HOME") or users) / "minigrad" / "cuda_on_host"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="minigrad_cuda_on_host_"))
