"""The norm of gradients whose squares no float32, or no float64, can hold: right wherever the norm itself is
representable, on every kernel set. The numbers are those of exact arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest

from minigrad import nn, optim, use_kernels
from minigrad.kernels.sum_of_squares import sum_of_squares

KERNELS = ["reference", "fast", "cuda_on_host"]
SIZES = [
    (np.float32, size) for size in (1e-44, 1e-38, 1e-30, 1e-22, 1e-19, 1e-11, 1e-10, 1.0, 1e17, 1e19, 1e20, 1e30, 2e38)
] + [(np.float64, size) for size in (5e-324, 1e-300, 1e-200, 1e-162, 1e-100, 1.0, 1e150, 1e154, 1e200, 1e300)]


def with_gradients(*gradients: np.ndarray) -> list[nn.Parameter]:
    parameters = [nn.Parameter(np.zeros_like(gradient)) for gradient in gradients]
    for p, gradient in zip(parameters, gradients, strict=True):
        p.grad = gradient.copy()
    return parameters


def exact_norm(*gradients: np.ndarray) -> float:
    """The root of the sum of squares in rational numbers, to 60 binary digits."""
    total = sum(Fraction(float(x)) ** 2 for gradient in gradients for x in gradient.ravel())
    if not total:
        return 0.0
    exponent = (total.numerator.bit_length() - total.denominator.bit_length()) // 2 - 60
    root = math.isqrt(int(total / Fraction(4) ** exponent))
    return float(root * Fraction(2) ** exponent)


def test_the_yardstick_itself():
    assert exact_norm(np.array([3.0, 4.0])) == 5
    assert exact_norm(np.array([3e-320, 4e-320])) == pytest.approx(5e-320, rel=1e-3)
    assert exact_norm(np.array([3e200, 4e200])) == pytest.approx(5e200)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("dtype", "size"), SIZES)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_the_norm_is_right_wherever_it_is_representable(kernels, dtype, size):
    rng = np.random.default_rng(0)
    gradients = [(rng.uniform(-1, 1, n) * size).astype(dtype) for n in (3, 100, 1)]
    with use_kernels(kernels):
        norm = optim.clip_grad_norm(with_gradients(*gradients), math.inf)
    assert norm == pytest.approx(exact_norm(*gradients), rel=1e-6, abs=5e-324)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("dtype", "size"), [(dtype, size) for dtype, size in SIZES if size > 1])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_large_gradients_are_clipped(kernels, dtype, size):
    rng = np.random.default_rng(0)
    gradients = [(rng.uniform(-1, 1, n) * size).astype(dtype) for n in (3, 100)]
    parameters, norm = with_gradients(*gradients), exact_norm(*gradients)
    with use_kernels(kernels):
        optim.clip_grad_norm(parameters, 0.5)
    for p, gradient in zip(parameters, gradients, strict=True):
        np.testing.assert_allclose(p.grad, gradient.astype(np.float64) / norm * 0.5, rtol=1e-5)


@pytest.mark.parametrize("kernels", KERNELS)
def test_a_norm_that_float32_cannot_hold_is_clipped_too(kernels):
    gradient = np.full(100, 3e38, np.float32)
    (p,) = with_gradients(gradient)
    with use_kernels(kernels):
        assert optim.clip_grad_norm([p], 1e-3) == pytest.approx(3e39, rel=1e-6)
    np.testing.assert_allclose(p.grad, np.full(100, 1e-4), rtol=1e-5)  # by a factor that float32 cannot hold either


@pytest.mark.parametrize("kernels", KERNELS)
def test_gradients_of_two_dtypes_and_of_very_different_sizes(kernels):
    small, large = np.full(2, 1e-30, np.float32), np.full(2, 1e200)
    nothing = np.zeros(3, np.float32)
    with use_kernels(kernels):
        assert optim.clip_grad_norm(with_gradients(small, large), 1.0) == pytest.approx(1e200 * 2**0.5, rel=1e-6)
        tiny = with_gradients(nothing, np.full(1, 1e-200))
        assert optim.clip_grad_norm(tiny, 1.0) == pytest.approx(1e-200, rel=1e-6)
        assert optim.clip_grad_norm(with_gradients(small, np.full(1, 1e-3)), 1.0) == pytest.approx(1e-3, rel=1e-6)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_gradients_that_are_not_finite_come_through_beside_any_others(kernels, bad):
    for other in (0.0, 1e-30, 1.0, 1e30):
        parameters = with_gradients(np.full(5000, other, np.float32), np.array([1, bad], np.float32))
        with use_kernels(kernels):
            norm = optim.clip_grad_norm(parameters, 1.0)
        assert math.isnan(norm) if math.isnan(bad) else norm == math.inf
        np.testing.assert_array_equal(parameters[0].grad, np.full(5000, other, np.float32))


@pytest.mark.parametrize("kernels", KERNELS)
def test_zero_and_empty_gradients_have_the_norm_zero(kernels):
    with use_kernels(kernels):
        assert optim.clip_grad_norm(with_gradients(np.zeros(3), np.zeros((0, 2))), 1.0) == 0
        assert optim.clip_grad_norm(with_gradients(np.zeros((0, 2))), 1.0) == 0
        assert optim.clip_grad_norm([], 1.0) == 0


def test_ordinary_gradients_are_added_up_once(monkeypatch):
    calls = []
    monkeypatch.setattr(optim.clip, "sum_of_squares", lambda arrays: calls.append(1) or sum_of_squares(arrays))
    for size in (1e-9, 1.0, 1e15):
        optim.clip_grad_norm(with_gradients(np.full(3, size, np.float32)), 1.0)
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("max_norm", "error"),
    [
        (0.0, ValueError),
        (-math.inf, ValueError),
        (True, TypeError),
        ("1", TypeError),
        (None, TypeError),
        (np.ones(2), TypeError),
    ],
)
def test_a_norm_that_makes_no_sense_is_refused(max_norm, error):
    with pytest.raises(error, match="max_norm must be a"):
        optim.clip_grad_norm(with_gradients(np.ones(1)), max_norm)
