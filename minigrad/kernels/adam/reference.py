"""The specification of Adam's step.

Source: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
"""

from typing import TYPE_CHECKING

import numpy as np

from minigrad.array_type import Array

if TYPE_CHECKING:
    from minigrad.kernels.adam import AdamDials


def adam_step(data: Array, grad: Array, m: Array, v: Array, dials: "AdamDials") -> None:
    """m̂ and v̂ are m and v divided by 1 - βᵗ, t steps in, because both start at zero."""
    m *= dials.beta1
    m += (1 - dials.beta1) * grad
    v *= dials.beta2
    v += (1 - dials.beta2) * grad * grad
    m_hat = m / (1 - dials.beta1**dials.step)
    v_hat = v / (1 - dials.beta2**dials.step)
    data *= dials.decay
    data -= dials.lr * m_hat / (np.sqrt(v_hat) + dials.eps)
