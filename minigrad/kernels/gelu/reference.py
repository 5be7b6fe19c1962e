"""The specification of GELU.

Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
"""

import math

import numpy as np

from minigrad.array_type import Array

SLOPE, CUBIC = math.sqrt(2 / math.pi), 0.044715
"""The constants of the tanh form: Φ(x) ≈ (1 + tanh(SLOPE (x + CUBIC x³))) / 2."""


def gelu_forward(x: Array) -> Array:
    """x Φ(x), with Φ(x) = (1 + erf(x / √2)) / 2."""
    return x * _normal_cdf(x)


def gelu_backward(grad: Array, x: Array, out: Array) -> Array:
    """d/dx x Φ(x) = Φ(x) + x φ(x), φ the normal density."""
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return grad * (_normal_cdf(x) + x * density)


def gelu_tanh_forward(x: Array) -> Array:
    """x (1 + tanh u) / 2, with u = SLOPE (x + CUBIC x³)."""
    return 0.5 * x * (1 + np.tanh(SLOPE * (x + CUBIC * x * x * x)))


def gelu_tanh_backward(grad: Array, x: Array, out: Array) -> Array:
    """(1 + tanh u) / 2 + x (1 - tanh² u) u' / 2."""
    t = np.tanh(SLOPE * (x + CUBIC * x * x * x))
    slope = SLOPE * (1 + 3 * CUBIC * x * x)
    return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


def _normal_cdf(x: Array) -> Array:
    erf = np.vectorize(math.erf, otypes=[np.float64])  # NumPy has no erf; what Python computes, it computes on the CPU
    on_cpu = x.get() if hasattr(x, "get") else x
    cdf = (0.5 * (1 + erf(on_cpu / math.sqrt(2)))).astype(x.dtype)
    return cdf if on_cpu is x else np.asarray(cdf, like=x)
