"""The specification of ReLU.

Source: Nair and Hinton 2010, "Rectified Linear Units Improve Restricted Boltzmann Machines".
"""

import numpy as np

from minigrad.array_type import Array


def relu_forward(x: Array) -> Array:
    """max(x, 0)."""
    return np.maximum(x, 0)


def relu_backward(grad: Array, out: Array) -> Array:
    """The slope is 1 where x was positive, else 0; out is positive in the same places."""
    # Selected, not multiplied: a gradient may be infinite, and 0 · ∞ is NaN.
    return np.where(out <= 0, 0, grad)
