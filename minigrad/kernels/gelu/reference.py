"""The specification of GELU.

Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2.
"""

import math

import numpy as np

from minigrad.array_type import Array

SLOPE, CUBIC = math.sqrt(2 / math.pi), 0.044715
"""The constants of the tanh form: Φ(x) ≈ (1 + tanh(SLOPE (x + CUBIC x³))) / 2."""


def gelu_forward(x: Array, bias: Array | None) -> Array:
    """v Φ(v), with v = x + bias and Φ(v) = (1 + erf(v / √2)) / 2."""
    v = _add(x, bias)
    return v * _normal_cdf(v)


def gelu_backward(grad: Array, x: Array, bias: Array | None, out: Array) -> Array:
    """d/dv v Φ(v) = Φ(v) + v φ(v), φ the normal density."""
    v = _add(x, bias)
    density = np.exp(-0.5 * v * v) / math.sqrt(2 * math.pi)
    return grad * (_normal_cdf(v) + v * density)


def gelu_tanh_forward(x: Array, bias: Array | None) -> Array:
    """v (1 + tanh u) / 2, with u = SLOPE (v + CUBIC v³)."""
    v = _add(x, bias)
    return 0.5 * v * (1 + np.tanh(SLOPE * (v + CUBIC * v * v * v)))


def gelu_tanh_backward(grad: Array, x: Array, bias: Array | None, out: Array) -> Array:
    """(1 + tanh u) / 2 + v (1 - tanh² u) u' / 2."""
    v = _add(x, bias)
    t = np.tanh(SLOPE * (v + CUBIC * v * v * v))
    slope = SLOPE * (1 + 3 * CUBIC * v * v)
    return grad * (0.5 * (1 + t) + 0.5 * v * (1 - t * t) * slope)


def _add(x: Array, bias: Array | None) -> Array:
    return x if bias is None else x + bias


def _normal_cdf(x: Array) -> Array:
    erf = np.vectorize(math.erf, otypes=[np.float64])  # NumPy has no erf
    return (0.5 * (1 + erf(x / math.sqrt(2)))).astype(x.dtype)
