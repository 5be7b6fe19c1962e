"""ReLU's CUDA kernels, run on the CPU: against the reference, at the edges of the numbers, and in every branch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import elementwise
from minigrad.kernels.relu import cuda, reference
from tests.minigrad.cuda.test_cuda_gelu import elsewhere
from tests.minigrad.test_fast_kernels import sizes, sources
from tests.minigrad.test_nan_and_infinity import EDGES, assert_alike

dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@given(draw=sources, shape=st.lists(sizes | st.just(0), max_size=2))
@settings(max_examples=30)
def test_the_kernels_agree_with_the_reference_to_the_bit(on_host, draw, shape):
    x, grad = np.asarray(draw(*shape)), np.asarray(draw(*shape))
    out, grad_x = on_host(cuda.relu_forward, x), on_host(cuda.relu_backward, grad, x)
    assert (out.shape, out.dtype) == (grad_x.shape, grad_x.dtype) == (x.shape, x.dtype)
    np.testing.assert_array_equal(out, reference.relu_forward(x))
    np.testing.assert_array_equal(grad_x, reference.relu_backward(grad, x))


@dtypes
@pytest.mark.parametrize("shifted", ["x", "grad", "neither"])
@pytest.mark.parametrize("threads", [64, 256])
def test_arrays_that_start_between_packs_and_threads_that_loop(on_host, monkeypatch, dtype, shifted, threads):
    x, grad = np.random.default_rng(0).standard_normal((2, 1027)).astype(dtype)
    monkeypatch.setattr(elementwise, "THREADS", threads)
    monkeypatch.setattr(elementwise, "MAX_BLOCKS", 1)
    x, grad = (elsewhere(array, shifted == name) for name, array in (("x", x), ("grad", grad)))
    np.testing.assert_array_equal(on_host(cuda.relu_forward, x), np.maximum(x, 0))
    np.testing.assert_array_equal(on_host(cuda.relu_backward, grad, x), np.where(x > 0, grad, 0))


@dtypes
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_and_infinity(on_host, dtype):
    x = np.array(EDGES, dtype)
    out = reference.relu_forward(x)
    assert_alike((on_host(cuda.relu_forward, x),), (out,))
    assert_alike((on_host(cuda.relu_backward, np.ones_like(x), out),), (reference.relu_backward(np.ones_like(x), out),))
    passed = on_host(cuda.relu_backward, np.full_like(x, np.nan), out)
    np.testing.assert_array_equal(passed, np.where(x <= 0, 0, np.nan))
    passed = on_host(cuda.relu_backward, np.full_like(x, np.inf), out)  # selected: 0 · ∞ would be NaN
    np.testing.assert_array_equal(passed, np.where(x <= 0, 0, np.inf))


def test_a_gradient_that_is_not_like_the_output_is_refused():
    out = np.zeros(3, np.float32)
    with pytest.raises(ValueError, match=r"grad must have the shape of out, \(3,\); got \(4,\)"):
        cuda.relu_backward(np.zeros(4, np.float32), out)
    with pytest.raises(TypeError, match="must have one dtype, got float32 and float64"):
        cuda.relu_backward(np.zeros(3, np.float32), out.astype(np.float64))
