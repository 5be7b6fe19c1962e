"""Softmax cross-entropy's CUDA kernels, run on the CPU: against the reference, and where numbers are extreme."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels.cross_entropy import cuda
from minigrad.kernels.cross_entropy import reference as cross_entropy_reference
from tests.minigrad.test_fast_kernels import assert_agrees, separate, wide
from tests.minigrad.test_nan_and_infinity import assert_alike, normal, put, special

dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
vocab_sizes = st.sampled_from([1, 2, 31, 32, 33, 127, 128, 129, 300, 511, 513, 2047, 2048, 2049, 2100])
"""Around one warp, several, all 16, and more than all of them read at a time."""


@given(
    separate,
    st.integers(0, 5),
    vocab_sizes,
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([1.0, 30.0, 1e4]),
    st.integers(0, 3),
)
@settings(max_examples=40)
def test_the_kernels_agree_with_the_reference(on_host, draw, n_rows, vocab_size, share, magnitude, n_forbidden):
    logits = draw(n_rows, vocab_size, scale=magnitude)
    targets = draw.laid_out(draw.rng.integers(vocab_size, size=n_rows))
    counts = draw.laid_out(draw.rng.random(n_rows) < share)
    logits[:, draw.rng.integers(vocab_size, size=n_forbidden)] = -np.inf
    logits[np.arange(n_rows), targets] = draw(n_rows, scale=magnitude)
    scale = 0.37

    losses, grad = on_host(cuda.cross_entropy, logits, targets, counts, scale)
    exact_losses, exact_grad = cross_entropy_reference.cross_entropy(*wide(logits), targets, counts, scale)
    assert_agrees(losses, exact_losses, 1 + exact_losses, draw.dtype)
    one_hot = counts[:, None] * (np.arange(vocab_size) == targets[:, None])
    assert_agrees(grad, exact_grad, exact_grad + 2 * scale * one_hot, draw.dtype)
    without_gradient, nothing = on_host(cuda.cross_entropy, logits, targets, counts, None)
    np.testing.assert_array_equal(without_gradient, losses)
    assert nothing is None


@dtypes
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("middle", [0.0, -1e5, 1e5])
def test_the_highest_logit_may_come_first_or_last(on_host, dtype, order, middle):
    """Each step on the way corrects the sum so far, or leaves it."""
    logits = np.linspace(middle - 1e4, middle + 1e4, 2500).astype(dtype)[None, ::order]
    last = np.array([2499 if order == 1 else 0])
    losses, grad = on_host(cuda.cross_entropy, logits, last, np.ones(1, bool), 1.0)
    exact_losses, exact_grad = cross_entropy_reference.cross_entropy(*wide(logits), last, np.ones(1, bool), 1.0)
    assert_agrees(losses, exact_losses, 1 + exact_losses, dtype)
    assert_agrees(grad, exact_grad, np.ones_like(exact_grad), dtype)


@dtypes
def test_targets_of_another_integer_type(on_host, dtype):
    logits, counts = normal(np.random.default_rng(0), dtype, 3, 40), np.ones(3, bool)
    expected = on_host(cuda.cross_entropy, logits, np.array([7, 0, 39]), counts, None)
    small = on_host(cuda.cross_entropy, logits, np.array([7, 0, 39], np.uint8), counts, None)
    np.testing.assert_array_equal(small[0], expected[0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@dtypes
@given(seed=st.integers(0, 2**32 - 1), values=special, n_rows=st.integers(1, 4), vocab_size=vocab_sizes)
@settings(max_examples=30)
def test_nan_and_infinity_come_out_where_they_do_in_the_reference(on_host, dtype, seed, values, n_rows, vocab_size):
    rng = np.random.default_rng(seed)
    logits, targets = normal(rng, dtype, n_rows, vocab_size), rng.integers(vocab_size, size=n_rows)
    put(logits, values)
    inputs = logits, targets, np.ones(n_rows, bool), 0.5
    assert_alike(on_host(cuda.cross_entropy, *inputs), cross_entropy_reference.cross_entropy(*inputs))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@dtypes
@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan])
@pytest.mark.parametrize("vocab_size", [1, 5, 300])
def test_a_row_of_one_such_value(on_host, dtype, value, vocab_size):
    inputs = np.full((2, vocab_size), value, dtype), np.zeros(2, int), np.array([True, False]), 0.5
    assert_alike(on_host(cuda.cross_entropy, *inputs), cross_entropy_reference.cross_entropy(*inputs))


@dtypes
@given(values=special, vocab_size=vocab_sizes)
@settings(max_examples=10)
def test_a_row_without_a_label_gives_zeros_whatever_stands_in_it(on_host, dtype, values, vocab_size):
    logits = np.ones((3, vocab_size), dtype)
    put(logits, values)
    nowhere = np.full(3, 10**9), np.zeros(3, bool)  # a target that would be read out of bounds
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "check_range", lambda *arguments: None)  # as on a GPU, where targets are not checked
        losses, grad = on_host(cuda.cross_entropy, logits, *nowhere, 0.5)
    np.testing.assert_array_equal(losses, np.zeros(3))
    np.testing.assert_array_equal(grad, np.zeros_like(logits))


def test_arrays_that_do_not_fit_are_refused():
    logits, targets, counts = np.zeros((3, 4)), np.zeros(3, int), np.ones(3, bool)
    with pytest.raises(ValueError, match=r"targets must have the shape \(3,\)"):
        cuda.cross_entropy(logits, targets[:2], counts, None)
    with pytest.raises(ValueError, match=r"counts must have the shape \(3,\)"):
        cuda.cross_entropy(logits, targets, counts[:, None], None)
    with pytest.raises(TypeError, match="counts must be boolean, got int64"):
        cuda.cross_entropy(logits, targets, counts.astype(int), None)
