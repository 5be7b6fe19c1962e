"""GELU on a CPU: one pass, no temporaries; see the reference for the formulas.

tanh is written through the exponential, (1 + tanh u) / 2 = 1 / (1 + e^(-2u)), which is one call
instead of two, and does not cancel where u is very negative.
"""

import math

import numpy as np
from numba import njit

from minigrad.array_type import Array

_SLOPE, _CUBIC = math.sqrt(2 / math.pi), 0.044715
_INV_SQRT_2, _INV_SQRT_2PI = 1 / math.sqrt(2), 1 / math.sqrt(2 * math.pi)


def gelu_forward(x: Array) -> Array:
    """x · Φ(x)."""
    flat = np.ascontiguousarray(x).reshape(-1)
    out = np.empty_like(flat)
    _gelu_forward(flat, out)
    return out.reshape(x.shape)


def gelu_backward(grad: Array, x: Array) -> Array:
    """The gradient of x through `gelu_forward`."""
    flat = np.ascontiguousarray(x).reshape(-1)
    out = np.empty_like(flat)
    _gelu_backward(np.ascontiguousarray(grad).reshape(-1), flat, out)
    return out.reshape(x.shape)


def gelu_tanh_forward(x: Array) -> Array:
    """The approximation through tanh."""
    flat = np.ascontiguousarray(x).reshape(-1)
    out = np.empty_like(flat)
    _gelu_tanh_forward(flat, out, *_constants(x.dtype))
    return out.reshape(x.shape)


def gelu_tanh_backward(grad: Array, x: Array) -> Array:
    """The gradient of x through `gelu_tanh_forward`."""
    flat = np.ascontiguousarray(x).reshape(-1)
    out = np.empty_like(flat)
    _gelu_tanh_backward(np.ascontiguousarray(grad).reshape(-1), flat, out, *_constants(x.dtype))
    return out.reshape(x.shape)


def _constants(dtype: np.dtype) -> tuple[np.floating, np.floating]:
    # As scalars of the array's dtype: a float64 constant would widen a float32 loop to half its speed.
    return dtype.type(-2 * _SLOPE), dtype.type(_CUBIC)


@njit(cache=True, nogil=True, error_model="numpy")
def _gelu_forward(x, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        out[i] = x[i] * 0.5 * (1.0 + math.erf(x[i] * _INV_SQRT_2))


@njit(cache=True, nogil=True, error_model="numpy")
def _gelu_backward(grad, x, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        cdf = 0.5 * (1.0 + math.erf(x[i] * _INV_SQRT_2))
        density = math.exp(-0.5 * x[i] * x[i]) * _INV_SQRT_2PI
        out[i] = grad[i] * (cdf + x[i] * density)


@njit(cache=True, nogil=True, error_model="numpy")
def _gelu_tanh_forward(x, out, minus_2_slope, cubic):  # type: ignore[no-untyped-def]
    one = x.dtype.type(1)
    for i in range(x.size):
        v = x[i]
        out[i] = v / (one + np.exp(minus_2_slope * (v + cubic * v * v * v)))


@njit(cache=True, nogil=True, error_model="numpy")
def _gelu_tanh_backward(grad, x, out, minus_2_slope, cubic):  # type: ignore[no-untyped-def]
    one, three = x.dtype.type(1), x.dtype.type(3)
    for i in range(x.size):
        v = x[i]
        half = one / (one + np.exp(minus_2_slope * (v + cubic * v * v * v)))  # (1 + tanh u) / 2
        slope = -minus_2_slope * (one + three * cubic * v * v)  # 2 u'
        out[i] = grad[i] * (half + v * half * (one - half) * slope)
