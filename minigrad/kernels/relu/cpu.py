"""ReLU on a CPU: one pass, without the boolean array that NumPy would write first."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled


def relu_forward(x: Array) -> Array:
    """max(x, 0)."""
    flat = _flat(x)
    out = np.empty_like(flat)
    _relu_forward(flat, out)
    return out.reshape(x.shape)


def relu_backward(grad: Array, out: Array) -> Array:
    """The gradient passes where x was positive."""
    grad_x = np.empty(grad.size, grad.dtype)
    _relu_backward(_flat(grad), _flat(out), grad_x)
    return grad_x.reshape(grad.shape)


def _flat(x: Array) -> Array:
    return np.ascontiguousarray(x).reshape(-1)


@compiled(nogil=True, error_model="numpy")
def _relu_forward(x, out):  # type: ignore[no-untyped-def]
    zero = x.dtype.type(0)
    for i in range(x.size):
        out[i] = zero if x[i] < zero else x[i]  # this way around, NaN stays NaN


@compiled(nogil=True, error_model="numpy")
def _relu_backward(grad, out, grad_x):  # type: ignore[no-untyped-def]
    zero = grad.dtype.type(0)
    for i in range(grad.size):
        grad_x[i] = zero if out[i] <= zero else grad[i]  # selected, not multiplied: 0 · ∞ is NaN
