"""Activation functions, elementwise: each beside its derivative."""

import numpy as np

from minigrad.kernels import gelu as gelu_kernel
from minigrad.kernels import relu as relu_kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_tensor, record


def relu(x: TensorLike) -> Tensor:
    """max(x, 0); its gradient at 0 is 0."""
    x = as_tensor(x)
    out = relu_kernel.relu_forward(x.data)

    def relu_backward(grad: Array) -> Array:
        return relu_kernel.relu_backward(grad, out)

    return record(out, (x,), relu_backward, reads_output=True)


def tanh(x: TensorLike) -> Tensor:
    """The hyperbolic tangent of x."""
    x = as_tensor(x)
    out = np.tanh(x.data)

    def tanh_backward(grad: Array) -> Array:
        return grad * (1 - out * out)

    return record(out, (x,), tanh_backward, reads_output=True)


def sigmoid(x: TensorLike) -> Tensor:
    """1 / (1 + e^-x)."""
    x = as_tensor(x)
    out = _sigmoid(x.data)

    def sigmoid_backward(grad: Array) -> Array:
        return grad * out * (1 - out)

    return record(out, (x,), sigmoid_backward, reads_output=True)


def log_sigmoid(x: TensorLike) -> Tensor:
    """log(sigmoid(x)) = -log(1 + e^-x), without overflow."""
    x = as_tensor(x)
    x_data = x.data

    def log_sigmoid_backward(grad: Array) -> Array:
        return grad * _sigmoid(-x_data)

    return record(-np.logaddexp(-x_data, 0), (x,), log_sigmoid_backward, reads=(x,))


def silu(x: TensorLike) -> Tensor:
    """x · sigmoid(x), also called swish."""
    x = as_tensor(x)
    x_data, s = x.data, _sigmoid(x.data)

    def silu_backward(grad: Array) -> Array:
        return grad * (s * (1 + x_data * (1 - s)))

    return record(x_data * s, (x,), silu_backward, reads=(x,))


def gelu(x: TensorLike) -> Tensor:
    """x · Φ(x), Φ the normal distribution function: BERT's activation.

    Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
    """
    x = as_tensor(x)
    x_data = x.data
    out = gelu_kernel.gelu_forward(x_data)

    def gelu_backward(grad: Array) -> Array:
        return gelu_kernel.gelu_backward(grad, x_data, out)

    return record(out, (x,), gelu_backward, reads=(x,), reads_output=True)


def gelu_tanh(x: TensorLike) -> Tensor:
    """GELU through tanh: GPT-2's activation, and T5 version 1.1's.

    Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
    """
    x = as_tensor(x)
    x_data = x.data
    out = gelu_kernel.gelu_tanh_forward(x_data)

    def gelu_tanh_backward(grad: Array) -> Array:
        return gelu_kernel.gelu_tanh_backward(grad, x_data, out)

    return record(out, (x,), gelu_tanh_backward, reads=(x,), reads_output=True)


def _sigmoid(x: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * x))
