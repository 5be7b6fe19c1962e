"""The specification of Adam's step.

Source: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
"""

from typing import TYPE_CHECKING

import numpy as np

from minigrad.array_type import Array

if TYPE_CHECKING:
    from minigrad.kernels.adam import AdamHyperparameters


def adam_step(data: Array, grad: Array, m: Array, v: Array, hyperparameters: "AdamHyperparameters") -> None:
    """Each parameter moves by about lr, whatever the scale of its gradient: m̂ / √v̂ is about ±1."""
    lr, beta1, beta2, eps, step, decay = hyperparameters
    # Running averages of the gradient and of its square. In place: the optimizer keeps the arrays between steps.
    m *= beta1
    m += (1 - beta1) * grad
    v *= beta2
    v += (1 - beta2) * grad * grad
    # Both start at zero. After t steps their weights add up to 1 - βᵗ only, which the division corrects.
    m_hat = m / (1 - beta1**step)
    v_hat = v / (1 - beta2**step)
    # Weight decay shrinks the parameter itself. As a part of the gradient it would be divided by √v̂ as well.
    data *= decay
    data -= lr * m_hat / (np.sqrt(v_hat) + eps)  # eps: v̂ may be zero
