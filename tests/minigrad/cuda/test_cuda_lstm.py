"""The LSTM cell's CUDA kernels, run on the CPU: a layer against the reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels.lstm import cuda
from minigrad.kernels.lstm import reference as lstm_reference
from tests.minigrad.test_fast_kernels import assert_agrees, natural_lstm_backward, sources, wide
from tests.minigrad.test_nan_and_infinity import assert_alike, normal, put, special

sizes = st.sampled_from([1, 2, 7, 32, 33])
wide_sizes = sizes | st.sampled_from([127, 128, 129])  # around one block of cells


@given(sources, st.sampled_from([1, 2, 3]), st.integers(1, 5), sizes, wide_sizes, st.sampled_from([0.1, 1.0, 100.0]))
@settings(max_examples=30)
def test_a_layer_agrees_with_the_reference(on_host, draw, batch, length, d_in, size, magnitude):
    x, h0, c0, grad = draw(batch, length, d_in), draw(batch, size), draw(batch, size), draw(batch, length, size)
    weight_ih, weight_hh = (draw(4 * size, n, scale=n**-0.5) for n in (d_in, size))
    bias = draw(4 * size, scale=magnitude)  # at 100, most gates are open or shut
    inputs = x, h0, c0, weight_ih, weight_hh

    fast = on_host(cuda.lstm_forward, *inputs, bias)
    exact = lstm_reference.lstm_forward(*wide(*inputs, bias))
    for one, other in zip(fast, exact, strict=True):  # outputs and gates are at most 1, cells may add up
        assert_agrees(one, other, np.maximum(abs(other), 1), draw.dtype)

    saved = lstm_reference.lstm_forward(*inputs, bias)
    fast = on_host(cuda.lstm_backward, grad, *inputs, *saved)
    exact = lstm_reference.lstm_backward(*wide(grad, *inputs, *saved))
    naturals = natural_lstm_backward(*wide(grad, *inputs, *saved))
    for one, other, natural in zip(fast, exact, naturals, strict=True):
        assert_agrees(one, other, natural, draw.dtype)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(values=special, batch=st.integers(1, 3), length=st.integers(1, 4), which=st.integers(0, 5))
@settings(max_examples=20)
def test_nan_and_infinity_come_out_where_they_do_in_the_reference(on_host, dtype, values, batch, length, which):
    rng, d_in, size = np.random.default_rng(0), 5, 9
    shapes = [(batch, length, d_in), (batch, size), (batch, size), (4 * size, d_in), (4 * size, size), (4 * size,)]
    inputs = [normal(rng, dtype, *shape) for shape in shapes]
    grad = normal(rng, dtype, batch, length, size)
    put(inputs[which], values)
    saved = lstm_reference.lstm_forward(*inputs)
    assert_alike(on_host(cuda.lstm_forward, *inputs), saved)
    if not any(np.isinf(array).any() for array in inputs):  # infinity times a gate's slope: the last bit decides
        inputs = grad, *inputs[:-1], *saved  # all but the bias
        assert_alike(on_host(cuda.lstm_backward, *inputs), lstm_reference.lstm_backward(*inputs))


@pytest.mark.parametrize(("batch", "length"), [(2, 0), (0, 3)])
def test_nothing_to_do(on_host, batch, length):
    inputs = [np.ones(shape) for shape in ((batch, length, 2), (batch, 3), (batch, 3), (12, 2), (12, 3), (12,))]
    outputs, cells, gates = on_host(cuda.lstm_forward, *inputs)
    assert outputs.shape == cells.shape == (batch, length, 3)
    assert gates.shape == (batch, length, 12)
    grads = on_host(cuda.lstm_backward, outputs, *inputs[:-1], outputs, cells, gates)
    assert [grad.shape for grad in grads] == [(batch, length, 2), (12, 2), (12, 3), (12,)]
    assert not any(grad.any() for grad in grads)


def test_arrays_of_two_dtypes_are_refused():
    x, h0, c0, weight_ih, weight_hh, bias = (np.ones(s) for s in ((1, 2, 2), (1, 3), (1, 3), (12, 2), (12, 3), (12,)))
    with pytest.raises(TypeError, match="must have one dtype, got float32 and float64"):
        cuda.lstm_forward(x, h0, c0.astype(np.float32), weight_ih, weight_hh, bias)
