"""The specification of ReLU.

Source: Nair and Hinton 2010, "Rectified Linear Units Improve Restricted Boltzmann Machines".
"""

import numpy as np

from minigrad.array_type import Array


def relu_forward(x: Array) -> Array:
    """max(x, 0)."""
    return np.maximum(x, 0)


def relu_backward(grad: Array, out: Array) -> Array:
    """The gradient passes where x was positive. It is selected, not multiplied by 0: it may be infinite."""
    return np.where(out <= 0, 0, grad)
