"""Activation functions, elementwise: each beside its derivative."""

import numpy as np

from minigrad.kernels import gelu as gelu_kernel
from minigrad.kernels import relu as relu_kernel
from minigrad.kernels.logistic import sigmoid as logistic
from minigrad.ops.operands import as_floats, as_floats_for_kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_tensor, record


def relu(x: TensorLike) -> Tensor:
    """max(x, 0); its gradient at 0 is 0."""
    x = as_tensor(x)
    if x.dtype.kind != "f":  # integers have no gradient, and kernels compute on floats only
        return Tensor(np.maximum(x.data, 0))
    x = as_floats_for_kernel("relu", x)
    out = relu_kernel.relu_forward(x.data)

    def relu_backward(grad: Array) -> Array:
        # relu'(x) = 1 for x > 0, else 0. The output says which: out > 0 if and only if x > 0.
        return relu_kernel.relu_backward(grad, out)

    return record(out, (x,), relu_backward, reads_output=True)


def tanh(x: TensorLike) -> Tensor:
    """The hyperbolic tangent of x."""
    x = as_floats(x)
    x_data = x.data

    def tanh_backward(grad: Array) -> Array:
        # tanh' = 1 - tanh² = 4 / (e^x + e^-x)². The last form does not cancel where tanh x is nearly 1.
        power = np.exp(-2 * np.abs(x_data))
        return grad * (4 * power / ((1 + power) * (1 + power)))

    return record(np.tanh(x_data), (x,), tanh_backward, reads=(x,))


def sigmoid(x: TensorLike) -> Tensor:
    """1 / (1 + e^-x)."""
    x = as_floats(x)
    x_data, out = x.data, logistic(x.data)

    def sigmoid_backward(grad: Array) -> Array:
        # σ' = σ(x) (1 - σ(x)), and 1 - σ(x) = σ(-x), which does not cancel where σ(x) is nearly 1.
        return grad * (out * logistic(-x_data))

    return record(out, (x,), sigmoid_backward, reads=(x,), reads_output=True)


def log_sigmoid(x: TensorLike) -> Tensor:
    """log(sigmoid(x)) = -log(1 + e^-x) = min(x, 0) - log(1 + e^-|x|), without overflow."""
    x = as_floats(x)
    x_data = x.data

    def log_sigmoid_backward(grad: Array) -> Array:
        # (log σ)' = σ' / σ = 1 - σ(x) = σ(-x)
        return grad * logistic(-x_data)

    out = np.minimum(x_data, 0) - np.log1p(np.exp(-np.abs(x_data)))
    return record(out, (x,), log_sigmoid_backward, reads=(x,))


def silu(x: TensorLike) -> Tensor:
    """x · sigmoid(x), also called swish."""
    x = as_floats(x)
    x_data, s = x.data, logistic(x.data)

    def silu_backward(grad: Array) -> Array:
        # (x σ(x))' = σ(x) + x σ(x) σ(-x)
        with np.errstate(invalid="ignore"):
            return grad * (s * (1 + x_data * logistic(-x_data)))

    with np.errstate(invalid="ignore"):  # 0 · ∞ is NaN, as in PyTorch
        return record(x_data * s, (x,), silu_backward, reads=(x,))


def gelu(x: TensorLike) -> Tensor:
    """x · Φ(x), with Φ the distribution function of the standard normal: BERT's activation.

    Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
    """
    x = as_floats_for_kernel("gelu", x)
    x_data = x.data
    out = gelu_kernel.gelu_forward(x_data)

    def gelu_backward(grad: Array) -> Array:
        # (x Φ(x))' = Φ(x) + x φ(x), φ = Φ' the density. Φ(x) is out / x, so the kernel need not compute erf again.
        return gelu_kernel.gelu_backward(grad, x_data, out)

    return record(out, (x,), gelu_backward, reads=(x,), reads_output=True)


def gelu_tanh(x: TensorLike) -> Tensor:
    """GELU approximated with tanh: ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), as in GPT-2 and T5 version 1.1.

    Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
    """
    x = as_floats_for_kernel("gelu_tanh", x)
    x_data = x.data
    out = gelu_kernel.gelu_tanh_forward(x_data)

    def gelu_tanh_backward(grad: Array) -> Array:
        return gelu_kernel.gelu_tanh_backward(grad, x_data, out)

    return record(out, (x,), gelu_tanh_backward, reads=(x,), reads_output=True)
