"""exp, tanh and highest of the compiled kernels, against NumPy: over the whole range, and at its edges."""

import numpy as np
import pytest
from numba import njit

from minigrad.kernels import elementary
from minigrad.kernels.gelu import cpu as gelu

LOWEST, HIGHEST, ABOVE = -87.3, 88.37, 88.38  # the float32 exp is 0 below the first, infinite from the last on
INF, NAN = np.inf, np.nan


@njit
def exp(x, out):
    for i in range(x.size):
        out[i] = elementary.exp(x[i])


@njit
def tanh(x, out):
    for i in range(x.size):
        out[i] = elementary.tanh(x[i])


@njit
def highest(row):
    return elementary.highest(row)


def of(function, values, dtype) -> np.ndarray:
    x = np.asarray(values, dtype)
    out = np.empty_like(x)
    function(x, out)
    return out


def relative_error(function, exact, x: np.ndarray) -> float:
    expected = exact(x.astype(np.float64))
    return float(np.max(np.abs(of(function, x, x.dtype) / expected - 1)))


def floats_between(low: float, high: float, dtype) -> np.ndarray:
    """Evenly spaced numbers, and of each sign numbers of every magnitude down to the smallest normal one."""
    even = np.linspace(low, high, 300_001)
    magnitudes = np.geomspace(np.finfo(np.float32).tiny, max(-low, high), 100_001)
    x = np.concatenate([even, magnitudes, -magnitudes]).astype(dtype)
    return x[(x > dtype(low)) & (x < dtype(high)) & (x != 0)]


def test_exp_of_a_float32_has_a_relative_error_below_1e_7():
    assert relative_error(exp, np.exp, floats_between(LOWEST, HIGHEST, np.float32)) < 1e-7


def test_tanh_of_a_float32_has_a_relative_error_below_3e_7():
    assert relative_error(tanh, np.tanh, floats_between(-100, 100, np.float32)) < 3e-7


def test_the_functions_of_a_float64_are_those_of_numpy():
    assert relative_error(exp, np.exp, floats_between(-700, 700, np.float64)) < 1e-15
    assert relative_error(tanh, np.tanh, floats_between(-50, 50, np.float64)) < 1e-15


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_special_values_of_exp(dtype):
    denormal = np.finfo(dtype).smallest_subnormal
    x = [0.0, -0.0, denormal, -denormal, INF, -INF, NAN, -1e4, 1e4, -1e30, 1e30]
    expected = [1, 1, 1, 1, INF, 0, NAN, 0, INF, 0, INF]
    np.testing.assert_array_equal(of(exp, x, dtype), np.array(expected, dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_special_values_of_tanh(dtype):
    denormal = np.finfo(dtype).smallest_subnormal
    x = [0.0, -0.0, denormal, -denormal, INF, -INF, NAN, 45, -45, 1e30, -1e30]
    expected = np.array([0, 0, denormal, -denormal, 1, -1, NAN, 1, -1, 1, -1], dtype)
    np.testing.assert_array_equal(of(tanh, x, dtype), expected)


def test_exp_of_a_float32_is_never_denormal_nor_does_it_overflow_before_its_end():
    below = np.nextafter(np.float32(LOWEST), np.float32(-INF))
    lowest, highest = of(exp, [LOWEST, HIGHEST], np.float32)
    assert lowest >= np.finfo(np.float32).tiny
    assert np.isfinite(highest)
    np.testing.assert_array_equal(of(exp, [below, -88, -104, ABOVE, 89], np.float32), [0, 0, 0, INF, INF])


def test_exp_of_a_float32_rises_with_its_argument():
    x = floats_between(LOWEST, HIGHEST, np.float32)
    values = of(exp, np.sort(x), np.float32).astype(np.float64)
    assert np.all(values[1:] >= values[:-1] * (1 - 1.2e-7))  # up to one unit in the last place


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 7, 8, 64, 100])
def test_the_highest_of_a_row_is_found_wherever_it_stands(dtype, n):
    for row in np.random.default_rng(0).standard_normal((50, n)).astype(dtype) * np.geomspace(1e-30, 1e30, 50)[:, None]:
        for values in (row.astype(dtype), -abs(row).astype(dtype), np.sort(row).astype(dtype)[::-1].copy()):
            assert highest(values) == values.max()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_special_values_of_highest(dtype):
    denormal = np.finfo(dtype).smallest_subnormal
    cases = {
        INF: [1, INF, -INF], -INF: [-INF, -INF], -1.0: [-INF, -1], 0.0: [-denormal, -0.0, 0.0], denormal: [0, denormal],
    }  # fmt: skip
    for expected, row in cases.items():
        assert highest(np.array(row, dtype)) == dtype(expected)
    assert highest(np.array([], dtype)) == -INF
    for row in ([NAN, 1, 2], [1, 2, NAN], [-NAN, 2, 1]):  # of either sign
        top = highest(np.array(row, dtype))
        assert top == 2 or np.isnan(top)


def test_the_functions_bring_their_own_flags():
    """Without flags of their own Numba gives them those of whoever calls them first: other bits in another order."""
    for function in (elementary._exp_float32, elementary._tanh_float32, gelu._cdf_float32):
        assert function.targetoptions["fastmath"] == {"contract"}
