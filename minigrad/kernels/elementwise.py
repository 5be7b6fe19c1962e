"""Launching elementwise CUDA kernels: element i of the output depends on the elements i of the inputs alone.

    out = apply(SOURCE, f"gelu_forward<{c_type(x)}>", x)             # kernel(x, out, n)
    launch(SOURCE, f"decay<{c_type(x)}>", x, numbers=[factor])       # kernel(x, n, factor): in place

Such a kernel computes little, so its time is that of reading and writing memory. Its threads move 16 bytes at a time,
the most that one instruction can, and each takes several turns if there are more elements than threads.
"""

from collections.abc import Sequence

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, contiguous

THREADS, MAX_BLOCKS = 256, 8192
"""Threads of a block; and the most blocks of a grid, enough to fill any GPU several times over."""


def grid_for(array: Array) -> tuple[int, int]:
    """The blocks of a grid, and the threads of a block, for the elements of an array; no blocks if it is empty."""
    elements_per_block = THREADS * 16 // array.itemsize
    return min(-(-array.size // elements_per_block), MAX_BLOCKS), THREADS


def launch(source: CudaSource, kernel: str, *arrays: Array, numbers: Sequence[np.generic] = ()) -> None:
    """Run a kernel over C-contiguous arrays of one size. Its parameters are the arrays, their size, the numbers."""
    source.launch(kernel, *grid_for(arrays[0]), *arrays, np.int64(arrays[0].size), *numbers)


def apply(source: CudaSource, kernel: str, *inputs: Array) -> Array:
    """The output of a kernel, of the shape and dtype of the inputs. Its parameters are inputs, output and size."""
    out = np.empty_like(inputs[0], order="C")
    launch(source, kernel, *(contiguous(array) for array in inputs), out)
    return out
