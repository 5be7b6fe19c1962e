"""Adam's step on a CPU: one pass over the four arrays, because reading and writing them is what it costs."""

from typing import TYPE_CHECKING

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled

if TYPE_CHECKING:
    from minigrad.kernels.adam import AdamHyperparameters


def adam_step(data: Array, grad: Array, m: Array, v: Array, hyperparameters: "AdamHyperparameters") -> None:
    """See the reference for the formulas."""
    lr, beta1, beta2, eps, step, decay = hyperparameters
    step_size, v_scale = lr / (1 - beta1**step), 1 / (1 - beta2**step)
    flat_data, flat_grad, flat_m, flat_v = data.reshape(-1), grad.reshape(-1), m.reshape(-1), v.reshape(-1)
    _adam_step(flat_data, flat_grad, flat_m, flat_v, beta1, beta2, v_scale, step_size, eps, decay)
    if data.flags.c_contiguous and m.flags.c_contiguous and v.flags.c_contiguous:
        return
    for array, changed in ((data, flat_data), (m, flat_m), (v, flat_v)):
        if not array.flags.c_contiguous:  # then reshape made a copy, and the kernel changed the copy
            array[...] = changed.reshape(array.shape)


@compiled(nogil=True, error_model="numpy", fastmath={"contract"})
def _adam_step(data, grad, m, v, beta1, beta2, v_scale, step_size, eps, decay):  # type: ignore[no-untyped-def]
    real = data.dtype.type  # a float64 number would turn a float32 loop into float64, at half its speed
    beta1, rest1, beta2, rest2 = real(beta1), real(1 - beta1), real(beta2), real(1 - beta2)
    v_scale, step_size, eps, decay = real(v_scale), real(step_size), real(eps), real(decay)
    for i in range(data.size):
        g = grad[i]
        m[i] = beta1 * m[i] + rest1 * g
        v[i] = beta2 * v[i] + rest2 * g * g
        data[i] = decay * data[i] - step_size * m[i] / (np.sqrt(v[i] * v_scale) + eps)
