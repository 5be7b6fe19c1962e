"""GELU on a CPU: one pass, no temporaries, in vector instructions; see the reference for the formulas.

The tanh form uses (1 + tanh u) / 2 = 1 / (1 + e^(-2u)), which does not cancel where u is very negative. In float32, Φ
is computed from an exponential as well:

    Φ(-|x|) = e^(-x²/2) · t (c_1 + c_2 t + … + c_9 t⁸) / 2,   t = 1 / (1 + |x| / √8).

The coefficients are our own fit. Its relative error is below 4e-7, float32's rounding included, wherever Φ is a normal
number. The backward pass divides the output by x instead of computing Φ(x) again.
"""

import math
from typing import Any

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled
from minigrad.kernels.elementary import exp
from minigrad.kernels.jit import njit, overload, types

_SLOPE, _CUBIC = math.sqrt(2 / math.pi), 0.044715
_INV_SQRT_2, _INV_SQRT_8, _INV_SQRT_2PI = 1 / math.sqrt(2), np.float32(1 / math.sqrt(8)), 1 / math.sqrt(2 * math.pi)
_C1, _C2, _C3 = np.float32(0.282086418), np.float32(0.282375309), np.float32(0.24310376)
_C4, _C5, _C6 = np.float32(0.202686881), np.float32(-0.0266256965), np.float32(0.27806721)
_C7, _C8, _C9 = np.float32(-0.487199948), np.float32(0.284574991), np.float32(-0.0590689665)
_HALF, _ONE = np.float32(0.5), np.float32(1)


def gelu_forward(x: Array) -> Array:
    """x · Φ(x)."""
    flat = _flat(x)
    out = np.empty_like(flat)
    _gelu_forward(flat, out)
    return out.reshape(x.shape)


def gelu_backward(grad: Array, x: Array, out: Array) -> Array:
    """The gradient of x through `gelu_forward`."""
    grad_x = np.empty(x.size, x.dtype)
    _gelu_backward(_flat(grad), _flat(x), _flat(out), grad_x, x.dtype.type(_INV_SQRT_2PI))
    return grad_x.reshape(x.shape)


def gelu_tanh_forward(x: Array) -> Array:
    """The tanh form."""
    flat = _flat(x)
    out = np.empty_like(flat)
    _gelu_tanh_forward(flat, out, *_constants(x.dtype))
    return out.reshape(x.shape)


def gelu_tanh_backward(grad: Array, x: Array, out: Array) -> Array:
    """The gradient of x through `gelu_tanh_forward`."""
    grad_x = np.empty(x.size, x.dtype)
    _gelu_tanh_backward(_flat(grad), _flat(x), _flat(out), grad_x, *_constants(x.dtype))
    return grad_x.reshape(x.shape)


def _flat(x: Array) -> Array:
    return np.ascontiguousarray(x).reshape(-1)


def _constants(dtype: np.dtype) -> tuple[np.floating, np.floating]:
    # Scalars of the array's dtype: a float64 constant would turn a float32 loop into float64, at half its speed.
    return dtype.type(-2 * _SLOPE), dtype.type(-2 * _SLOPE * _CUBIC)


@njit(error_model="numpy", fastmath={"contract"})
def _cdf_float32(x, bell):  # type: ignore[no-untyped-def]
    # The polynomial in pairs of terms (Estrin's scheme, see elementary.py): the products do not wait for each other.
    t = _ONE / (_ONE + abs(x) * _INV_SQRT_8)
    square = t * t
    fourth = square * square
    upper = _C9 * fourth + ((_C8 * t + _C7) * square + (_C6 * t + _C5))
    series = upper * fourth + ((_C4 * t + _C3) * square + (_C2 * t + _C1))
    tail = _HALF * bell * t * series
    return tail if x < 0 else _ONE - tail


def _cdf(x: Any, bell: Any) -> Any:
    """Φ(x), given bell = e^(-x²/2)."""
    return 0.5 * math.erfc(-x * _INV_SQRT_2)


@overload(_cdf)
def _cdf_of_type(x, bell):  # type: ignore[no-untyped-def]
    """What Numba compiles in place of `_cdf`, by the type of its argument."""
    if x == types.float32:
        return lambda x, bell: _cdf_float32(x, bell)
    return lambda x, bell: 0.5 * math.erfc(-x * _INV_SQRT_2)


@compiled(nogil=True, error_model="numpy", fastmath={"contract"})
def _gelu_forward(x, out):  # type: ignore[no-untyped-def]
    half = x.dtype.type(0.5)
    for i in range(x.size):
        v = x[i]
        out[i] = v * _cdf(v, exp(-half * v * v))


@compiled(nogil=True, error_model="numpy", fastmath={"contract"})
def _gelu_backward(grad, x, out, grad_x, inv_sqrt_2pi):  # type: ignore[no-untyped-def]
    half, tiny = x.dtype.type(0.5), x.dtype.type(1e-30)  # below tiny, out / x has too few digits or is 0 / 0
    for i in range(x.size):
        v = x[i]
        ratio = out[i] / v
        cdf = ratio if abs(v) > tiny else half
        grad_x[i] = grad[i] * (cdf + v * exp(-half * v * v) * inv_sqrt_2pi)


@compiled(nogil=True, error_model="numpy", fastmath={"contract"})
def _gelu_tanh_forward(x, out, minus_2_slope, minus_2_cubic):  # type: ignore[no-untyped-def]
    one = x.dtype.type(1)
    for i in range(x.size):
        v = x[i]
        out[i] = v / (one + exp(v * (minus_2_slope + minus_2_cubic * (v * v))))


@compiled(nogil=True, error_model="numpy", fastmath={"contract"})
def _gelu_tanh_backward(grad, x, out, grad_x, minus_2_slope, minus_2_cubic):  # type: ignore[no-untyped-def]
    half, tiny = x.dtype.type(0.5), x.dtype.type(1e-30)  # as in `_gelu_backward`
    one, three = x.dtype.type(1), x.dtype.type(3)
    for i in range(x.size):
        v, y = x[i], out[i]
        ratio = y / v
        cdf = ratio if abs(v) > tiny else half  # (1 + tanh u) / 2
        slope = -(minus_2_slope + three * minus_2_cubic * (v * v))  # 2 u'
        grad_x[i] = grad[i] * (cdf + y * (one - cdf) * slope)
