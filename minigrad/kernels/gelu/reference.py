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
    """x Φ(x), with Φ(x) = (1 + erf(x / √2)) / 2: x times the probability that a normal variable is below x."""
    exact = x.astype(np.float64)
    return (exact * _normal_cdf(exact)).astype(x.dtype)


@np.errstate(invalid="ignore", over="ignore")
def gelu_backward(grad: Array, x: Array, out: Array) -> Array:
    """d/dx x Φ(x) = Φ(x) + x φ(x)."""
    exact = x.astype(np.float64)
    density = np.exp(-0.5 * exact * exact) / math.sqrt(2 * math.pi)  # φ, the slope of Φ
    # The fast kernels take Φ(x) from the output, as out / x; the specification computes it.
    return grad * (_normal_cdf(exact) + exact * density).astype(x.dtype)


@np.errstate(invalid="ignore", over="ignore")
def gelu_tanh_forward(x: Array) -> Array:
    """x (1 + tanh u) / 2 = x sigmoid(2u)."""
    exact = x.astype(np.float64)
    # As a sigmoid, because 1 + tanh u cancels to 0 where u is very negative.
    return (exact * sigmoid(2 * _u(exact))).astype(x.dtype)


@np.errstate(invalid="ignore", over="ignore")
def gelu_tanh_backward(grad: Array, x: Array, out: Array) -> Array:
    """d/dx x sigmoid(2u) = sigmoid(2u) + x sigmoid(2u) (1 - sigmoid(2u)) 2u'."""
    exact = x.astype(np.float64)
    cdf, rest = sigmoid(2 * _u(exact)), sigmoid(-2 * _u(exact))  # rest = 1 - cdf, which would cancel near 1
    slope = 2 * SLOPE * (1 + 3 * CUBIC * exact * exact)  # 2u'
    return grad * (cdf + exact * cdf * rest * slope).astype(x.dtype)


def _u(x: Array) -> Array:
    return SLOPE * (x + CUBIC * x * x * x)


def _normal_cdf(x: Array) -> Array:
    """(1 + erf(x / √2)) / 2 = erfc(-x / √2) / 2; the second form does not cancel where x is very negative."""
    erfc = np.vectorize(math.erfc, otypes=[np.float64])  # NumPy has none
    # Python's erfc computes on the CPU: an array on a GPU goes there and comes back.
    on_cpu = x.get() if hasattr(x, "get") else x
    cdf = 0.5 * erfc(-on_cpu / math.sqrt(2))
    return cdf if on_cpu is x else np.asarray(cdf, like=x)
