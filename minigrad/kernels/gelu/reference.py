"""The specification of GELU. It computes in float64: in float32 the rounding of an exponent, x²/2 or 2u, would show.

Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
"""

import math

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.logistic import sigmoid

SLOPE, CUBIC = math.sqrt(2 / math.pi), 0.044715
"""The constants of the tanh form: Φ(x) ≈ (1 + tanh u) / 2, u = SLOPE (x + CUBIC x³)."""


@np.errstate(invalid="ignore", over="ignore")
def gelu_forward(x: Array) -> Array:
    """x Φ(x), with Φ(x) = (1 + erf(x / √2)) / 2."""
    exact = x.astype(np.float64)
    return (exact * _normal_cdf(exact)).astype(x.dtype)


@np.errstate(invalid="ignore", over="ignore")
def gelu_backward(grad: Array, x: Array, out: Array) -> Array:
    """d/dx x Φ(x) = Φ(x) + x φ(x), φ the normal density."""
    exact = x.astype(np.float64)
    density = np.exp(-0.5 * exact * exact) / math.sqrt(2 * math.pi)
    return grad * (_normal_cdf(exact) + exact * density).astype(x.dtype)


@np.errstate(invalid="ignore", over="ignore")
def gelu_tanh_forward(x: Array) -> Array:
    """x (1 + tanh u) / 2 = x sigmoid(2u): 1 + tanh u would cancel where u is very negative."""
    exact = x.astype(np.float64)
    return (exact * sigmoid(2 * _u(exact))).astype(x.dtype)


@np.errstate(invalid="ignore", over="ignore")
def gelu_tanh_backward(grad: Array, x: Array, out: Array) -> Array:
    """d/dx x sigmoid(2u) = sigmoid(2u) + x sigmoid(2u) (1 - sigmoid(2u)) 2u', with 1 - sigmoid(2u) = sigmoid(-2u)."""
    exact = x.astype(np.float64)
    cdf, rest = sigmoid(2 * _u(exact)), sigmoid(-2 * _u(exact))
    slope = 2 * SLOPE * (1 + 3 * CUBIC * exact * exact)
    return grad * (cdf + exact * cdf * rest * slope).astype(x.dtype)


def _u(x: Array) -> Array:
    return SLOPE * (x + CUBIC * x * x * x)


def _normal_cdf(x: Array) -> Array:
    """(1 + erf(x / √2)) / 2 = erfc(-x / √2) / 2, where nothing cancels."""
    erfc = np.vectorize(math.erfc, otypes=[np.float64])  # NumPy has none; what Python computes, it computes on the CPU
    on_cpu = x.get() if hasattr(x, "get") else x
    cdf = 0.5 * erfc(-on_cpu / math.sqrt(2))
    return cdf if on_cpu is x else np.asarray(cdf, like=x)
