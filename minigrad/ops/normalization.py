"""Layer normalisation and RMS normalisation over the last axis, as single ops."""

import math

from minigrad.conversion import for_kernel
from minigrad.kernels import layernorm as kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_operands, record


def layer_norm(x: TensorLike, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """(x - mean) / sqrt(variance + eps) · weight + bias over the last axis.

    Shapes: x (..., D), weight (D,), bias (D,) → (..., D).
    Source: Ba, Kiros and Hinton 2016, "Layer Normalization", section 3.

    Raises:
        TypeError: if an array is neither float32 nor float64.
        ValueError: if the shapes do not fit, or eps is negative or not finite.
    """
    x, weight = as_operands(x, weight)
    x, bias = as_operands(x, bias)
    _check(x, eps, weight=weight, bias=bias)
    x_data, weight_data, bias_data = for_kernel("layer_norm", ("x", "weight", "bias"), x.data, weight.data, bias.data)
    out, mean, rstd = kernel.layernorm_forward(x_data, weight_data, bias_data, eps)  # mean and 1 / std of each row

    def layer_norm_backward(grad: Array) -> tuple[Array, Array, Array]:
        # mean and rstd depend on x too: the kernel's reference.py derives the three terms of the gradient.
        return kernel.layernorm_backward(grad, x_data, weight_data, mean, rstd)

    return record(out, (x, weight, bias), layer_norm_backward, reads=(x, weight))


def rms_norm(x: TensorLike, weight: Tensor, eps: float = 1e-6) -> Tensor:
    """x / sqrt(mean(x²) + eps) · weight over the last axis: T5's normalisation.

    Shapes: x (..., D), weight (D,) → (..., D).
    Source: Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", section 3.

    Raises:
        TypeError: if an array is neither float32 nor float64.
        ValueError: if the shapes do not fit, or eps is negative or not finite.
    """
    x, weight = as_operands(x, weight)
    _check(x, eps, weight=weight)
    x_data, weight_data = for_kernel("rms_norm", ("x", "weight"), x.data, weight.data)
    out, rstd = kernel.rmsnorm_forward(x_data, weight_data, eps)  # rstd: 1 / root mean square of each row

    def rms_norm_backward(grad: Array) -> tuple[Array, Array]:
        return kernel.rmsnorm_backward(grad, x_data, weight_data, rstd)

    return record(out, (x, weight), rms_norm_backward, reads=(x, weight))


def _check(x: Tensor, eps: float, **parameters: Tensor) -> None:
    if not 0 <= eps < math.inf:
        raise ValueError(f"eps must be a finite number, at least 0, got {eps}")
    for name, parameter in parameters.items():
        if x.ndim == 0 or parameter.shape != x.shape[-1:]:
            raise ValueError(f"{name} must have the shape of x's last axis, {x.shape[-1:]}, got {parameter.shape}")
