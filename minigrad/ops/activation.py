"""Activation functions, elementwise: each beside its derivative."""

import numpy as np

from minigrad.kernels import gelu as gelu_kernel
from minigrad.kernels import relu as relu_kernel
from minigrad.ops.linear import sum_of_rows
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


def gelu(x: TensorLike, bias: Tensor | None = None) -> Tensor:
    """v · Φ(v), v = x + bias, Φ the normal distribution function: BERT's activation.

    Shapes: x (..., F), bias (F,) → (..., F). The bias of a linear layer may be handed in here instead of there:
    adding it on the way saves a pass over memory.
    Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.

    Raises:
        ValueError: if bias is not of the shape of x's last axis.
    """
    x, x_data, bias_data = _with_bias(x, bias)
    out = gelu_kernel.gelu_forward(x_data, bias_data)

    def gelu_backward(grad: Array) -> Array | tuple[Array, Array]:
        grad_v = gelu_kernel.gelu_backward(grad, x_data, bias_data, out)
        return grad_v if bias is None else (grad_v, sum_of_rows(grad_v))

    inputs = (x,) if bias is None else (x, bias)
    return record(out, inputs, gelu_backward, reads=inputs, reads_output=True)


def gelu_tanh(x: TensorLike, bias: Tensor | None = None) -> Tensor:
    """GELU through tanh: GPT-2's activation, and T5 version 1.1's. The rest as in `gelu`.

    Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
    """
    x, x_data, bias_data = _with_bias(x, bias)
    out = gelu_kernel.gelu_tanh_forward(x_data, bias_data)

    def gelu_tanh_backward(grad: Array) -> Array | tuple[Array, Array]:
        grad_v = gelu_kernel.gelu_tanh_backward(grad, x_data, bias_data, out)
        return grad_v if bias is None else (grad_v, sum_of_rows(grad_v))

    inputs = (x,) if bias is None else (x, bias)
    return record(out, inputs, gelu_tanh_backward, reads=inputs, reads_output=True)


def _with_bias(x: TensorLike, bias: Tensor | None) -> tuple[Tensor, Array, Array | None]:
    x = as_tensor(x)
    if bias is None:
        return x, x.data, None
    if bias.shape != x.shape[-1:]:
        raise ValueError(f"bias must have the shape of x's last axis, {x.shape[-1:]}, got {bias.shape}")
    return x, x.data, bias.data


def _sigmoid(x: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * x))
