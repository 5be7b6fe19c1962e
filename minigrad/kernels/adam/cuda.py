"""Adam's step on a GPU: one pass over the four arrays, see cuda.cu."""

from typing import TYPE_CHECKING

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type, contiguous
from minigrad.kernels.elementwise import launch

if TYPE_CHECKING:
    from minigrad.kernels.adam import AdamHyperparameters

SOURCE = CudaSource(__file__)
KERNELS = ("adam_step<float>", "adam_step<double>")


def adam_step(data: Array, grad: Array, m: Array, v: Array, hyperparameters: "AdamHyperparameters") -> None:
    """See the reference for the formulas."""
    lr, beta1, beta2, eps, step, decay = hyperparameters
    step_size, v_scale = lr / (1 - beta1**step), 1 / (1 - beta2**step)
    numbers = beta1, 1 - beta1, beta2, 1 - beta2, step_size, v_scale, eps, decay
    arrays = [contiguous(array) for array in (data, grad, m, v)]
    launch(SOURCE, f"adam_step<{c_type(*arrays)}>", *arrays, numbers=[data.dtype.type(number) for number in numbers])
    for array, changed in ((data, arrays[0]), (m, arrays[2]), (v, arrays[3])):
        if changed is not array:  # then it was a copy, and the kernel changed the copy
            array[...] = changed
