"""Every fast kernel computes what its reference does: any size, any strides, any mask, and at the edges of the numbers.

Both are called on the same arrays, without tensors in between. A fast kernel's values are held against those of the
reference in float64, within `TOLERANCE` times their *natural size*: what the same formula gives where every term
has its absolute value, so that nothing cancels. For a product, or a sum of positive numbers, that is the value
itself; the difference of two large numbers can be no more exact than they are.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels.adam import AdamHyperparameters
from minigrad.kernels.adam import cpu as adam
from minigrad.kernels.adam import reference as adam_reference
from minigrad.kernels.attention import cpu as attention
from minigrad.kernels.attention import reference as attention_reference
from minigrad.kernels.bias import cpu as bias_kernel
from minigrad.kernels.bias import reference as bias_reference
from minigrad.kernels.cross_entropy import cpu as cross_entropy
from minigrad.kernels.cross_entropy import reference as cross_entropy_reference
from minigrad.kernels.embedding import cpu as embedding
from minigrad.kernels.embedding import reference as embedding_reference
from minigrad.kernels.gelu import cpu as gelu
from minigrad.kernels.gelu import reference as gelu_reference
from minigrad.kernels.layernorm import cpu as layernorm
from minigrad.kernels.layernorm import reference as layernorm_reference
from minigrad.kernels.lstm import cpu as lstm
from minigrad.kernels.lstm import reference as lstm_reference
from minigrad.kernels.matmul import cpu as matmul
from minigrad.kernels.matmul import reference as matmul_reference
from minigrad.kernels.relu import cpu as relu
from minigrad.kernels.relu import reference as relu_reference
from minigrad.kernels.sum_of_squares import cpu as squares
from minigrad.kernels.sum_of_squares import reference as squares_reference

TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}


def assert_agrees(fast: np.ndarray, exact: np.ndarray, natural: np.ndarray, dtype: np.dtype) -> None:
    """|fast - exact| ≤ TOLERANCE · natural; what lies below the smallest normal number may be zero."""
    dtype = np.dtype(dtype)
    assert (fast.shape, fast.dtype) == (exact.shape, dtype)
    error = np.abs(fast.astype(np.float64) - exact)
    allowed = TOLERANCE[dtype] * natural + np.finfo(dtype).tiny
    worst = np.max(error / allowed, initial=0)
    assert worst <= 1, f"off by {worst:.3g} times what is allowed"


def wide(*arrays: np.ndarray) -> list[np.ndarray]:
    """The same numbers in float64."""
    return [array.astype(np.float64) for array in arrays]


sizes = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 70])
small = st.sampled_from([1, 2, 3, 5])
few = st.integers(0, 3)
seeds = st.integers(0, 2**32 - 1)
dtypes = st.sampled_from([np.float32, np.float64])
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "contiguous": lambda x: x,
    "transposed": lambda x: np.array(x, order="F"),
    "every second": lambda x: np.stack([x, x], axis=-1)[..., 0],
    "reversed": lambda x: np.flip(np.flip(x).copy()),
    "inside a larger array": lambda x: np.pad(x, 1)[(slice(1, -1),) * x.ndim],
    "broadcast": lambda x: np.lib.stride_tricks.as_strided(x, strides=(*x.strides[:-1], 0)[: x.ndim]),  # one for all
}


class Source:
    """Arrays of normally distributed numbers, laid out in memory in one way or another."""

    def __init__(self, seed: int, dtype: type, layouts: list[str]) -> None:
        self.rng, self.dtype, self.layouts = np.random.default_rng(seed), dtype, layouts

    def __call__(self, *shape: int, scale: float = 1.0) -> np.ndarray:
        return self.laid_out(np.asarray(scale * self.rng.standard_normal(shape), self.dtype))

    def laid_out(self, values: np.ndarray) -> np.ndarray:
        return LAYOUTS[self.layouts[int(self.rng.integers(len(self.layouts)))]](values)


def sources_of(layouts: set[str]) -> st.SearchStrategy[Source]:
    return st.builds(Source, seeds, dtypes, st.lists(st.sampled_from(sorted(layouts)), min_size=1, max_size=3))


sources = sources_of(set(LAYOUTS))
separate = sources_of(set(LAYOUTS) - {"broadcast"})


@given(sources, sizes | st.just(0), sizes | st.just(0), sizes | st.just(0), small)
def test_matmul(draw, m, k, n, batch):
    a, b = draw(m, k), draw(k, n)
    for fast, left, right in (
        (matmul.tiled_matmul, a, b),
        (matmul.matmul, a, b),
        (matmul.matmul, a, draw(n, k).T),  # as in a linear layer
        (matmul.matmul, draw(batch, 1, m, k), draw(2, k, n)),
    ):
        exact, natural = (matmul_reference.matmul(*pair) for pair in (wide(left, right), wide(abs(left), abs(right))))
        assert_agrees(fast(left, right), exact, natural, draw.dtype)


@given(sources, sizes | st.just(0), sizes)
def test_bias(draw, n_rows, width):
    x, bias, grad = np.ascontiguousarray(draw(n_rows, width)), draw(width), draw(n_rows, width)
    exact = x.copy()
    bias_reference.add_bias(exact, bias)
    bias_kernel.add_bias(x, bias)
    np.testing.assert_array_equal(x, exact)
    total, natural = (bias_reference.sum_of_rows(*wide(rows)) for rows in (grad, abs(grad)))
    assert_agrees(bias_kernel.sum_of_rows(grad), total, natural, draw.dtype)


@given(sources, few, sizes, st.sampled_from([0.0, 1.0, 1000.0]), st.sampled_from([1e-12, 1e-5, 0.1]))
def test_layernorm(draw, n_rows, width, offset, eps):
    x, weight, bias, grad = draw(n_rows, 3, width), draw(width), draw(width), draw(n_rows, 3, width)
    x = x + draw.dtype(offset)
    out, mean, rstd = layernorm.layernorm_forward(x, weight, bias, eps)
    exact, exact_mean, exact_rstd = layernorm_reference.layernorm_forward(*wide(x, weight, bias), eps)
    far = np.abs(x) + np.abs(x).mean(axis=-1, keepdims=True)  # x - mean, were nothing to cancel
    assert_agrees(mean, exact_mean, np.abs(x).mean(axis=-1, keepdims=True), draw.dtype)
    normalised = far * exact_rstd
    assert_agrees(rstd, exact_rstd, exact_rstd * (1 + normalised.max(axis=-1, keepdims=True)), draw.dtype)
    assert_agrees(out, exact, normalised * abs(weight) + abs(bias), draw.dtype)

    fast = layernorm.layernorm_backward(grad, x, weight, mean, rstd)
    exact = layernorm_reference.layernorm_backward(*wide(grad, x, weight, mean, rstd))
    far, grad_n = (abs(x) + abs(mean)) * rstd, abs(grad * weight)
    natural = rstd * (grad_n + grad_n.mean(axis=-1, keepdims=True) + far * (grad_n * far).mean(axis=-1, keepdims=True))
    assert_agrees(fast[0], exact[0], natural, draw.dtype)
    assert_agrees(fast[1], exact[1], (abs(grad) * far).sum(axis=(0, 1)), draw.dtype)
    assert_agrees(fast[2], exact[2], abs(grad).sum(axis=(0, 1)), draw.dtype)


@given(sources, few, sizes, st.sampled_from([1e-12, 1e-5, 0.1]))
def test_rmsnorm(draw, n_rows, width, eps):
    x, weight, grad = draw(n_rows, 3, width), draw(width), draw(n_rows, 3, width)
    out, rstd = layernorm.rmsnorm_forward(x, weight, eps)
    exact, exact_rstd = layernorm_reference.rmsnorm_forward(*wide(x, weight), eps)
    assert_agrees(out, exact, abs(exact), draw.dtype)
    assert_agrees(rstd, exact_rstd, exact_rstd, draw.dtype)

    fast = layernorm.rmsnorm_backward(grad, x, weight, rstd)
    exact = layernorm_reference.rmsnorm_backward(*wide(grad, x, weight, rstd))
    normalised, grad_n = abs(x * rstd), abs(grad * weight)
    natural = rstd * (grad_n + normalised * (grad_n * normalised).mean(axis=-1, keepdims=True))
    assert_agrees(fast[0], exact[0], natural, draw.dtype)
    assert_agrees(fast[1], exact[1], (abs(grad) * normalised).sum(axis=(0, 1)), draw.dtype)


@st.composite
def broadcastable(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n if draw(st.booleans()) else 1 for n in shape)


@given(sources, small, small, sizes, sizes | st.just(0), sizes, st.booleans(), st.data())
def test_attention(draw, batch, heads, n_queries, n_keys, head_size, causal, data):
    shape = (batch, heads, n_queries, n_keys)
    q, k, v = (draw(batch, heads, n, head_size) for n in (n_queries, n_keys, n_keys))
    grad = draw(*q.shape)
    scale = data.draw(st.sampled_from([head_size**-0.5, 1 / head_size, 0.3]), label="scale")
    mask = bias = None
    if data.draw(st.booleans(), label="with a bias"):
        bias = draw(*data.draw(broadcastable(shape), label="shape of the bias"))
    if data.draw(st.booleans(), label="with a mask"):
        density = data.draw(st.sampled_from([0.0, 0.3, 0.9]), label="allowed")
        mask_shape = data.draw(broadcastable(shape), label="shape of the mask")
        mask = draw.laid_out(draw.rng.random(mask_shape) < density)

    out, saved = attention.attention_forward(q, k, v, mask, bias, causal, scale)
    wide_bias = None if bias is None else bias.astype(np.float64)
    exact, exact_probs = attention_reference.attention_forward(*wide(q, k, v), mask, wide_bias, causal, scale)
    probs = saved.probs
    scores = scale * (abs(q) @ abs(k).swapaxes(-1, -2)) + (0 if bias is None else abs(bias))
    rounding = np.maximum(scores.max(axis=-1, keepdims=True, initial=0) / 16, 1)  # of scores: exp makes it relative
    assert_agrees(probs, exact_probs, exact_probs * rounding, draw.dtype)
    assert_agrees(out, exact, (exact_probs * rounding) @ abs(v), draw.dtype)

    fast = attention.attention_backward(grad, q, k, v, saved, scale)
    exact = attention_reference.attention_backward(*wide(grad, q, k, v, probs), scale)
    grad_probs = abs(grad) @ abs(v).swapaxes(-1, -2)
    natural = probs * (grad_probs + (probs * grad_probs).sum(axis=-1, keepdims=True))  # of grad_scores
    naturals = (
        scale * (natural @ abs(k)),
        scale * (natural.swapaxes(-1, -2) @ abs(q)),
        probs.swapaxes(-1, -2) @ abs(grad),
        natural,
    )
    for one, other, size in zip(fast, exact, naturals, strict=True):
        assert_agrees(one, other, size, draw.dtype)


@given(separate, sizes | st.just(0), sizes, st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([1.0, 30.0, 1e4]), few)
def test_cross_entropy(draw, n_rows, vocab_size, share, magnitude, n_forbidden):
    logits = draw(n_rows, vocab_size, scale=magnitude)
    targets = draw.rng.integers(vocab_size, size=n_rows)
    counts = draw.rng.random(n_rows) < share
    logits[:, draw.rng.integers(vocab_size, size=n_forbidden)] = -np.inf
    logits[np.arange(n_rows), targets] = draw(n_rows, scale=magnitude)
    scale = 0.37

    losses, grad = cross_entropy.cross_entropy(logits, targets, counts, scale)
    exact_losses, exact_grad = cross_entropy_reference.cross_entropy(*wide(logits), targets, counts, scale)
    assert_agrees(losses, exact_losses, 1 + exact_losses, draw.dtype)
    one_hot = counts[:, None] * (np.arange(vocab_size) == targets[:, None])
    assert_agrees(grad, exact_grad, exact_grad + 2 * scale * one_hot, draw.dtype)
    without_gradient, nothing = cross_entropy.cross_entropy(logits, targets, counts, None)
    assert_agrees(without_gradient, exact_losses, 1 + exact_losses, draw.dtype)
    assert nothing is None


FORMS = {
    "exact": (gelu.gelu_forward, gelu.gelu_backward, gelu_reference.gelu_forward, gelu_reference.gelu_backward),
    "tanh": (
        gelu.gelu_tanh_forward,
        gelu.gelu_tanh_backward,
        gelu_reference.gelu_tanh_forward,
        gelu_reference.gelu_tanh_backward,
    ),
}


def test_gelu_of_a_float32_keeps_its_relative_accuracy_far_in_the_tail():
    x = np.linspace(-13, 13, 10_001).astype(np.float32)
    cdf = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x.tolist()])
    np.testing.assert_allclose(gelu.gelu_forward(x), x * cdf, rtol=1e-5)


@pytest.mark.parametrize("form", FORMS)
@given(
    draw=sources, shape=st.lists(sizes | st.just(0), max_size=2), magnitude=st.sampled_from([1e-38, 1.0, 5.0, 100.0])
)
def test_gelu(form, draw, shape, magnitude):
    forward, backward, exact_forward, exact_backward = FORMS[form]
    x, grad = draw(*shape, scale=magnitude), draw(*shape)
    out = forward(x)
    assert_agrees(out, exact_forward(*wide(x)), abs(x), draw.dtype)
    assert_agrees(backward(grad, x, out), exact_backward(*wide(grad, x, out)), abs(grad), draw.dtype)


@given(sources, st.lists(sizes | st.just(0), max_size=3))
def test_relu(draw, shape):
    x, grad = draw(*shape), draw(*shape)
    out = relu.relu_forward(x)
    assert_agrees(out, relu_reference.relu_forward(*wide(x)), 0 * x, draw.dtype)
    assert_agrees(relu.relu_backward(grad, out), relu_reference.relu_backward(*wide(grad, out)), 0 * x, draw.dtype)


@given(sources, st.lists(sizes | st.just(0), max_size=3), st.sampled_from([1, 3000]))
def test_sum_of_squares(draw, shape, repeat):
    x = np.repeat(draw(*shape), repeat)  # with 3000, of more numbers than are added up without a break
    exact = squares_reference.sum_of_squares(wide(x, x[:5]))
    assert abs(squares.sum_of_squares([x, x[:5]]) - exact) <= TOLERANCE[np.dtype(draw.dtype)] * exact


def natural_lstm_backward(grad, x, h0, c0, weight_ih, weight_hh, outputs, cells, gates) -> tuple[np.ndarray, ...]:
    """The natural size of the reference's result: absolute values, and 1 + … in place of 1 - …."""
    (batch, length, _), size = x.shape, h0.shape[1]
    natural, grad_h, grad_c = np.empty_like(gates), np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(length)):
        i, f, g, o = np.split(abs(gates[:, t]), 4, axis=-1)
        c_before, tanh_c = abs(cells[:, t - 1] if t else c0), np.tanh(abs(cells[:, t]))
        grad_h = grad_h + abs(grad[:, t])
        grad_c = grad_c + grad_h * o * (1 + tanh_c**2)
        parts = grad_c * g * i, grad_c * c_before * f, grad_c * i * (1 + g**2), grad_h * tanh_c * o
        natural[:, t] = np.concatenate(parts, axis=-1)
        grad_h, grad_c = natural[:, t] @ abs(weight_hh), grad_c * f
    h_before = abs(np.concatenate([h0[:, None], outputs[:, :-1]], axis=1))
    flat = natural.reshape(batch * length, 4 * size)
    of_weights = (flat.T @ abs(inputs).reshape(batch * length, -1) for inputs in (x, h_before))
    return natural @ abs(weight_ih), *of_weights, flat.sum(axis=0)


@given(sources, small, st.integers(1, 9), sizes, sizes, st.sampled_from([0.1, 1.0, 100.0]))
def test_lstm(draw, batch, length, d_in, size, magnitude):
    x, h0, c0, grad = draw(batch, length, d_in), draw(batch, size), draw(batch, size), draw(batch, length, size)
    weight_ih, weight_hh = (draw(4 * size, n, scale=n**-0.5) for n in (d_in, size))
    bias = draw(4 * size, scale=magnitude)  # at 100, most gates are open or shut
    inputs = x, h0, c0, weight_ih, weight_hh

    fast = lstm.lstm_forward(*inputs, bias)
    exact = lstm_reference.lstm_forward(*wide(*inputs, bias))
    for one, other in zip(fast, exact, strict=True):  # outputs and gates are at most 1, cells may add up
        assert_agrees(one, other, np.maximum(abs(other), 1), draw.dtype)

    saved = lstm_reference.lstm_forward(*inputs, bias)
    fast = lstm.lstm_backward(grad, *inputs, *saved)
    exact = lstm_reference.lstm_backward(*wide(grad, *inputs, *saved))
    naturals = natural_lstm_backward(*wide(grad, *inputs, *saved))
    for one, other, natural in zip(fast, exact, naturals, strict=True):
        assert_agrees(one, other, natural, draw.dtype)


@given(sources, few, sizes, sizes)
def test_scatter_add_adds_in_the_order_in_which_rows_stand(draw, n_rows, n_tokens, width):
    grad, rows = draw(n_tokens, width), draw.rng.integers(n_rows + 1, size=n_tokens)
    table = embedding.scatter_add(grad, rows, n_rows + 1)
    np.testing.assert_array_equal(table, embedding_reference.scatter_add(grad, rows, n_rows + 1), strict=True)


@given(separate, few, sizes, st.integers(1, 1000), st.sampled_from([0.0, 1e-8, 1e-3]), st.sampled_from([1.0, 0.999]))
def test_adam(draw, n_rows, width, step, eps, decay):
    data, grad, m, v = (draw(n_rows, width) for _ in range(4))
    v[...] = abs(v) + 0.1
    hyperparameters = AdamHyperparameters(lr=1.0, beta1=0.9, beta2=0.999, eps=eps, step=step, decay=decay)
    exact, natural = wide(data, grad, m, v), wide(*map(np.abs, (data, grad, m, v)))
    adam_reference.adam_step(*exact, hyperparameters)
    natural_m = 0.9 * natural[2] + 0.1 * natural[1]
    step_size = natural_m / (1 - 0.9**step) / np.sqrt(exact[3] / (1 - 0.999**step))
    adam.adam_step(data, grad, m, v, hyperparameters)
    assert_agrees(data, exact[0], natural[0] + step_size, draw.dtype)
    assert_agrees(m, exact[2], natural_m, draw.dtype)
    assert_agrees(v, exact[3], exact[3], draw.dtype)
