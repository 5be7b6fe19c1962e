"""What is not a number, or not finite, comes out of a fast kernel where it comes out of the reference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels.attention import cpu as attention
from minigrad.kernels.attention import reference as attention_reference
from minigrad.kernels.cross_entropy import cpu as cross_entropy
from minigrad.kernels.cross_entropy import reference as cross_entropy_reference
from minigrad.kernels.gelu import cpu as gelu
from minigrad.kernels.gelu import reference as gelu_reference
from minigrad.kernels.layernorm import cpu as layernorm
from minigrad.kernels.layernorm import reference as layernorm_reference
from minigrad.kernels.lstm import cpu as lstm
from minigrad.kernels.lstm import reference as lstm_reference

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the reference's, of infinity minus infinity

dtypes = st.sampled_from([np.float32, np.float64])
special = st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([np.nan, np.inf, -np.inf])), min_size=1, max_size=4)
sizes = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)


def assert_alike(fast: tuple, reference: tuple) -> None:
    """The same NaNs, infinities and numbers."""
    for one, other in zip(fast, reference, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, strict=True)


def normal(rng: np.random.Generator, dtype: type, *shape: int) -> np.ndarray:
    return np.asarray(rng.standard_normal(shape), dtype)


def put(x: np.ndarray, values: list[tuple[int, float]]) -> None:
    for place, value in values:
        x.flat[place % x.size] = value


@given(seeds, dtypes, special, sizes, st.booleans(), st.booleans(), st.sampled_from(["q", "k", "v", "grad", "bias"]))
def test_attention(seed, dtype, values, length, causal, has_mask, where):
    if causal:  # from one block of positions to the next, what is not a number comes through only where it is seen
        length = min(length, attention.BLOCK)
    rng = np.random.default_rng(seed)
    arrays = {name: normal(rng, dtype, 2, 1, length, 3) for name in ("q", "k", "v", "grad")}
    arrays["bias"] = normal(rng, dtype, 1, 1, length, length)
    put(arrays[where], values)
    q, k, v, grad, bias = arrays.values()
    mask = rng.random((2, 1, 1, length)) < 0.5 if has_mask else None
    out, saved = attention.attention_forward(q, k, v, mask, bias, causal, 0.5)
    expected, expected_probs = attention_reference.attention_forward(q, k, v, mask, bias, causal, 0.5)
    assert_alike((out, saved.probs), (expected, expected_probs))
    if causal and where == "v":  # the reference adds up, times zero, what a query does not see: zero times NaN is NaN
        return
    fast = attention.attention_backward(grad, q, k, v, attention.Saved(expected_probs, causal), 0.5)
    assert_alike(fast, attention_reference.attention_backward(grad, q, k, v, expected_probs, 0.5))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_query_of_nan_or_infinity_does_not_look_like_one_that_sees_nothing(dtype, value):
    q = np.full((1, 1, 1, 2), value, dtype)
    k = v = np.ones((1, 1, 3, 2), dtype)
    out, _ = attention.attention_forward(q, k, v, None, None, True, 1.0)
    assert np.isnan(out).all()


@given(seeds, dtypes, special, sizes, sizes)
def test_cross_entropy(seed, dtype, values, n_rows, vocab_size):
    rng = np.random.default_rng(seed)
    logits, targets = normal(rng, dtype, n_rows, vocab_size), rng.integers(vocab_size, size=n_rows)
    put(logits, values)
    counts = np.ones(n_rows, bool)
    fast = cross_entropy.cross_entropy(logits, targets, counts, 0.5)
    assert_alike(fast, cross_entropy_reference.cross_entropy(logits, targets, counts, 0.5))
    losses, _ = cross_entropy.cross_entropy(logits, targets, counts, None)
    np.testing.assert_array_equal(losses, fast[0])


@given(seeds, dtypes, special, st.integers(1, 5), sizes)
def test_a_row_without_a_label_gives_zeros_whatever_stands_in_it(seed, dtype, values, n_rows, vocab_size):
    logits = normal(np.random.default_rng(seed), dtype, n_rows, vocab_size)
    put(logits, values)
    nowhere = np.zeros(n_rows, int), np.zeros(n_rows, bool)
    losses, grad = cross_entropy.cross_entropy(logits, *nowhere, 0.5)
    np.testing.assert_array_equal(losses, np.zeros(n_rows))
    np.testing.assert_array_equal(grad, np.zeros_like(logits))


EDGES = [0.0, -0.0, 1e-45, -1e-40, 1e-30, 13.0, -13.0, 30.0, -30.0, 100.0, -100.0, 1e6, -1e6, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gelu(name, dtype):
    x = np.array(EDGES, dtype)
    forward, backward = (getattr(gelu, f"{name}_{way}") for way in ("forward", "backward"))
    expected, derivative = (getattr(gelu_reference, f"{name}_{way}") for way in ("forward", "backward"))
    out, one = expected(x), np.ones_like(x)
    assert_alike((forward(x),), (out,))
    assert_alike((backward(one, x, out),), (derivative(one, x, out),))
    assert np.isnan(backward(np.full_like(x, np.nan), x, out)).all()


@given(seeds, dtypes, special, st.integers(1, 3), sizes, st.sampled_from(["x", "grad", "weight"]))
def test_normalisation(seed, dtype, values, n_rows, width, where):
    rng = np.random.default_rng(seed)
    arrays = {"x": normal(rng, dtype, n_rows, width), "grad": normal(rng, dtype, n_rows, width)}
    arrays["weight"] = normal(rng, dtype, width)
    put(arrays[where], values)
    x, grad, weight = arrays.values()
    bias, eps = np.ones_like(weight), 1e-2

    saved = layernorm_reference.layernorm_forward(x, weight, bias, eps)
    assert_alike(layernorm.layernorm_forward(x, weight, bias, eps), saved)
    inputs = grad, x, weight, *saved[1:]
    assert_alike(layernorm.layernorm_backward(*inputs), layernorm_reference.layernorm_backward(*inputs))

    saved = layernorm_reference.rmsnorm_forward(x, weight, eps)
    assert_alike(layernorm.rmsnorm_forward(x, weight, eps), saved)
    inputs = grad, x, weight, *saved[1:]
    assert_alike(layernorm.rmsnorm_backward(*inputs), layernorm_reference.rmsnorm_backward(*inputs))


@given(seeds, dtypes, special, st.integers(1, 3), st.integers(1, 4), st.integers(0, 5))
def test_lstm(seed, dtype, values, batch, length, which):
    rng, d_in, size = np.random.default_rng(seed), 5, 9
    shapes = [(batch, length, d_in), (batch, size), (batch, size), (4 * size, d_in), (4 * size, size), (4 * size,)]
    inputs = [normal(rng, dtype, *shape) for shape in shapes]
    grad = normal(rng, dtype, batch, length, size)
    put(inputs[which], values)
    saved = lstm_reference.lstm_forward(*inputs)
    assert_alike(lstm.lstm_forward(*inputs), saved)
    if not any(np.isinf(array).any() for array in inputs):  # infinity times a gate's slope: the last bit decides
        inputs = grad, *inputs[:-1], *saved  # all but the bias
        assert_alike(lstm.lstm_backward(*inputs), lstm_reference.lstm_backward(*inputs))
