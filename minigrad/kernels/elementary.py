"""Elementary functions for compiled kernels, as vector instructions: `exp` and `tanh` of a number, `highest` of a row.

Numba compiles np.exp to a call of the C library for each number, which takes about 5 ns. In float32 a polynomial is
exact enough, and a loop over it becomes vector instructions: less than 1 ns. With n the integer nearest to x / ln 2,

    e^x = 2^n · e^r,   r = x - n ln 2,   |r| ≤ ln 2 / 2,

e^r is a polynomial, and 2^n is a float with n in the bits of its exponent. The relative error is 8e-8. tanh x is
1 - 2 / (1 + e^(2x)), or a polynomial near 0, where the difference cancels; its relative error is 2.5e-7. In float64,
where there is less to gain, both are NumPy's.

A polynomial is evaluated in pairs of terms (Estrin's scheme), not one term after the other (Horner's): a processor
computes several products at once if they do not need each other's results.

The maximum of a row is found among integers. A compiler may not reorder comparisons of floats, because of NaN, and so
makes no vector instructions of them. As integers, the bits of positive floats have the order of the floats, and those
of negative floats the reverse order; flipping all their bits but the sign puts them right.

The functions state their own compiler flags (`contract` joins a product and a sum into one instruction). Otherwise
Numba would compile them with the flags of the first kernel that calls them.

Source: the splitting of ln 2 and the polynomials are those of `expf` and `tanhf` in Moshier's Cephes library.
"""

from typing import Any

import numpy as np

from minigrad.kernels.jit import njit, overload, types

_LOG2_E = np.float32(1.44269504)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)  # n · _LN2_HIGH is exact
_P0, _P1, _P2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
_P3, _P4, _P5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
_ROUNDING = np.float32(1.5 * 2**23)  # adding it rounds a small number: no bits are left for a fraction
_LOWEST, _HIGHEST = np.float32(-87.3), np.float32(88.7)
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)

_T0, _T1, _T2 = np.float32(-5.70498872745e-3), np.float32(2.06390887954e-2), np.float32(-5.37397155531e-2)
_T3, _T4, _NEAR_ZERO = np.float32(1.33314422036e-1), np.float32(-3.33332819422e-1), np.float32(0.625)


@njit(error_model="numpy", fastmath={"contract"})
def _exp_float32(x):  # type: ignore[no-untyped-def]
    """e^x; 0 below -87.3 (instead of denormal numbers, which are slow), infinity above 88.38; NaN for NaN."""
    y = _HIGHEST if x > _HIGHEST else x
    rounded = y * _LOG2_E + _ROUNDING
    n = rounded - _ROUNDING
    r = y - n * _LN2_HIGH - n * _LN2_LOW
    square = r * r
    power = ((_P0 * r + _P1) * square + (_P2 * r + _P3)) * square + (_P4 * r + _P5)
    power = (power * square + r) + _ONE
    bits = (np.float32(rounded).view(np.int32) + np.int32(127)) << np.int32(23)  # those of the float 2^n
    result = power * np.int32(bits).view(np.float32)  # if n is 128, the bits are those of infinity
    return _ZERO if x < _LOWEST else result


@njit(error_model="numpy", fastmath={"contract"})
def _tanh_float32(x):  # type: ignore[no-untyped-def]
    square = x * x
    near = ((((_T0 * square + _T1) * square + _T2) * square + _T3) * square + _T4) * square * x + x
    far = _ONE - _TWO / (_ONE + _exp_float32(_TWO * x))
    return near if abs(x) < _NEAR_ZERO else far


def exp(x: Any) -> Any:
    """e^x, for use in compiled kernels."""
    return np.exp(x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent of x, for use in compiled kernels."""
    return np.tanh(x)


@overload(exp)
def _exp_of_type(x):  # type: ignore[no-untyped-def]
    """What Numba compiles in place of `exp`, by the type of its argument."""
    if x == types.float32:
        return lambda x: _exp_float32(x)
    return lambda x: np.exp(x)


@overload(tanh)
def _tanh_of_type(x):  # type: ignore[no-untyped-def]
    """What Numba compiles in place of `tanh`, by the type of its argument."""
    if x == types.float32:
        return lambda x: _tanh_float32(x)
    return lambda x: np.tanh(x)


@njit(error_model="numpy")
def _in_order(bits):  # type: ignore[no-untyped-def]
    """The bits of a float32, all flipped but the sign if it is negative. Applied twice, it changes nothing."""
    return np.int32(bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF)))


@njit(error_model="numpy")
def _highest_float32(row):  # type: ignore[no-untyped-def]
    best = np.int32(-0x7F800001)  # `_in_order` of minus infinity
    for i in range(row.size):
        best = max(best, _in_order(np.float32(row[i]).view(np.int32)))
    return np.int32(_in_order(best)).view(np.float32)


@njit(error_model="numpy")
def _highest_float64(row):  # type: ignore[no-untyped-def]
    best = -np.inf
    for i in range(row.size):
        best = max(best, row[i])
    return best


def highest(row: Any) -> Any:
    """The highest number of a row, -inf if it is empty, for use in compiled kernels. NaN may be skipped or returned."""
    return row.max(initial=-np.inf)


@overload(highest)
def _highest_of_type(row):  # type: ignore[no-untyped-def]
    """What Numba compiles in place of `highest`, by the type of its argument."""
    if row.dtype == types.float32:
        return lambda row: _highest_float32(row)
    return lambda row: _highest_float64(row)
