"""GELU's CUDA kernels, run on the CPU: against the reference, at the edges of the numbers, and in every branch."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import elementwise
from minigrad.kernels.gelu import cuda
from minigrad.kernels.gelu import reference as gelu_reference
from tests.minigrad.test_fast_kernels import assert_agrees, sizes, sources, wide
from tests.minigrad.test_nan_and_infinity import EDGES, assert_alike

FORMS = {
    "exact": (cuda.gelu_forward, cuda.gelu_backward, gelu_reference.gelu_forward, gelu_reference.gelu_backward),
    "tanh": (
        cuda.gelu_tanh_forward,
        cuda.gelu_tanh_backward,
        gelu_reference.gelu_tanh_forward,
        gelu_reference.gelu_tanh_backward,
    ),
}
forms = pytest.mark.parametrize("form", FORMS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@forms
@given(
    draw=sources, shape=st.lists(sizes | st.just(0), max_size=2), magnitude=st.sampled_from([1e-38, 1.0, 5.0, 100.0])
)
@settings(max_examples=30)
def test_the_kernels_agree_with_the_reference(on_host, form, draw, shape, magnitude):
    forward, backward, exact_forward, exact_backward = FORMS[form]
    x, grad = np.asarray(draw(*shape, scale=magnitude)), np.asarray(draw(*shape))  # of no dimensions, too
    out = on_host(forward, x)
    assert_agrees(out, exact_forward(*wide(x)), abs(x), draw.dtype)
    assert_agrees(on_host(backward, grad, x, out), exact_backward(*wide(grad, x, out)), abs(grad), draw.dtype)


@forms
@dtypes
@pytest.mark.parametrize("shifted", ["x", "grad", "neither"])
@pytest.mark.parametrize("threads", [64, 256])
def test_arrays_that_start_between_packs_and_threads_that_loop(on_host, monkeypatch, form, dtype, shifted, threads):
    forward, backward, *_ = FORMS[form]
    x, grad = np.random.default_rng(0).standard_normal((2, 1027)).astype(dtype)
    out, grad_x = forward(x), backward(grad, x, x)
    monkeypatch.setattr(elementwise, "THREADS", threads)
    monkeypatch.setattr(elementwise, "MAX_BLOCKS", 1)
    x, grad = (elsewhere(array, shifted == name) for name, array in (("x", x), ("grad", grad)))
    np.testing.assert_array_equal(on_host(forward, x), out)
    np.testing.assert_array_equal(on_host(backward, grad, x, out), grad_x)


def elsewhere(x: np.ndarray, between_packs: bool) -> np.ndarray:
    """The same numbers, starting at a multiple of 16 bytes or an element behind one."""
    room = np.empty(x.size + 16, x.dtype)
    first = -room.ctypes.data % 16 // x.itemsize + between_packs
    room[first : first + x.size] = x
    return room[first : first + x.size]


def test_a_float32_keeps_its_relative_accuracy_far_in_the_tail(on_host):
    x = np.linspace(-10, 10, 10_001).astype(np.float32)
    cdf = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x.tolist()])
    np.testing.assert_allclose(on_host(cuda.gelu_forward, x), x * cdf, rtol=1e-5)


@forms
@dtypes
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_and_infinity(on_host, form, dtype):
    x = np.array(EDGES, dtype)
    forward, backward, exact_forward, exact_backward = FORMS[form]
    out, one = exact_forward(x), np.ones_like(x)
    assert_alike((on_host(forward, x),), (out,))
    assert_alike((on_host(backward, one, x, out),), (exact_backward(one, x, out),))
    assert np.isnan(on_host(backward, np.full_like(x, np.nan), x, out)).all()


def test_a_gradient_that_is_not_like_x_is_refused():
    x = np.zeros(3, np.float32)
    with pytest.raises(ValueError, match=r"grad must have the shape of x, \(3,\); got \(4,\)"):
        cuda.gelu_backward(np.zeros(4, np.float32), x, x)
    with pytest.raises(TypeError, match="must have one dtype, got float32 and float64"):
        cuda.gelu_backward(np.zeros(3, np.float64), x, x)


def test_another_dtype_is_refused():
    with pytest.raises(TypeError, match="got an array of float16"):
        cuda.gelu_forward(np.zeros(3, np.float16))
