"""The CUDA kernel that sums gradients by row, run on the CPU: the bits of the reference, which adds in order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels.embedding import cuda
from minigrad.kernels.embedding import reference as embedding_reference
from tests.minigrad.test_fast_kernels import sources

sizes = st.sampled_from([0, 1, 2, 15, 16, 17, 32, 33, 100])
"""Around one and several batches, which have 16 positions."""


def assert_same_bits(fast: np.ndarray, reference: np.ndarray) -> None:
    np.testing.assert_array_equal(fast, reference, strict=True)
    np.testing.assert_array_equal(np.signbit(fast), np.signbit(reference))


@given(sources, st.integers(1, 5), sizes, st.sampled_from([0, 1, 3, 127, 128, 129, 300]))
@settings(max_examples=40)
def test_the_kernel_adds_in_the_order_in_which_rows_stand(on_host, draw, n_rows, n_tokens, width):
    grad, rows = draw(n_tokens, width), draw.laid_out(draw.rng.integers(n_rows, size=n_tokens))
    assert_same_bits(on_host(cuda.scatter_add, grad, rows, n_rows), embedding_reference.scatter_add(grad, rows, n_rows))


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.int64])
def test_rows_of_any_integer_type_some_of_them_far_away(on_host, dtype):
    grad, rows = np.random.default_rng(0).standard_normal((5, 3)), np.array([100, 2, 100, 0, 2], dtype)
    assert_same_bits(on_host(cuda.scatter_add, grad, rows, 101), embedding_reference.scatter_add(grad, rows, 101))


def test_negative_zeros_add_up_to_the_reference_s_zero(on_host):
    grad, rows = np.full((3, 2), -0.0), np.array([1, 0, 1])
    assert_same_bits(on_host(cuda.scatter_add, grad, rows, 3), embedding_reference.scatter_add(grad, rows, 3))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_stay_in_their_row_and_column(on_host, value):
    grad, rows = np.ones((40, 5), np.float32), np.arange(40) % 2
    grad[17, 3] = value
    table = on_host(cuda.scatter_add, grad, rows, 2)
    expected = np.full((2, 5), 20, np.float32)
    expected[1, 3] = value
    np.testing.assert_array_equal(table, expected)


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"rows must have the shape \(3,\), a row for each gradient; got \(2,\)"):
        cuda.scatter_add(np.ones((3, 2)), np.zeros(2, int), 4)
