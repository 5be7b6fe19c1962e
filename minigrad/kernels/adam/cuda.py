"""Adam's step on a GPU: one pass over the four arrays, see cuda.cu."""

from typing import TYPE_CHECKING

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, blocks_of_packs, c_type, contiguous

if TYPE_CHECKING:
    from minigrad.kernels.adam import AdamDials

SOURCE = CudaSource(__file__)
KERNELS = ("adam_step<float>", "adam_step<double>")
THREADS, MAX_BLOCKS = 256, 8192
"""Of a block; and of a grid: enough to fill any GPU several times over. Where there are more elements, threads loop."""


def adam_step(data: Array, grad: Array, m: Array, v: Array, dials: "AdamDials") -> None:
    """See the reference for the formulas."""
    beta1, beta2 = dials.beta1, dials.beta2
    step_size, v_scale = dials.lr / (1 - beta1**dials.step), 1 / (1 - beta2**dials.step)
    numbers = beta1, 1 - beta1, beta2, 1 - beta2, step_size, v_scale, dials.eps, dials.decay
    arrays = [contiguous(array) for array in (data, grad, m, v)]
    SOURCE.launch(
        f"adam_step<{c_type(data, grad, m, v)}>",
        blocks_of_packs(data, THREADS, MAX_BLOCKS),
        THREADS,
        *arrays,
        np.int64(data.size),
        *(data.dtype.type(number) for number in numbers),
    )
    for array, changed in ((data, arrays[0]), (m, arrays[2]), (v, arrays[3])):
        if changed is not array:  # then it was a copy that changed
            array[...] = changed
