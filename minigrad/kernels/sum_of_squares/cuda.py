"""The sum of squares on a GPU: each block writes one number, then one block adds these up, see cuda.cu."""

from collections.abc import Sequence

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type, contiguous

SOURCE = CudaSource(__file__)
KERNELS = ("sum_of_squares<float>", "sum_of_squares<double>", "add_up")
THREADS = 256  # of a block, the same as in cuda.cu
PER_THREAD, MAX_BLOCKS = 16, 1024
"""About how many elements a thread adds up; and the most blocks of a grid, a few for each processor of any GPU."""


def sum_of_squares(arrays: Sequence[Array]) -> float:
    """Σ x². The CPU waits for the GPU once, at the end."""
    sizes = [min(-(-x.size // (THREADS * PER_THREAD)), MAX_BLOCKS) for x in arrays]
    ends = np.cumsum(sizes).tolist()
    of_blocks = np.empty_like(arrays[0], shape=ends[-1], dtype=np.float64, order="C")
    total = np.empty_like(of_blocks, shape=1)
    for x, size, end in zip(arrays, sizes, ends, strict=True):
        of_array = of_blocks[end - size : end]
        SOURCE.launch(f"sum_of_squares<{c_type(x)}>", size, THREADS, contiguous(x), of_array, np.int64(x.size))
    SOURCE.launch("add_up", 1, THREADS, of_blocks, total, np.int32(ends[-1]))
    return float(total[0])
