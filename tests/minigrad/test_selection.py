"""An op that passes a value on or not selects its gradient: multiplied by 0, an infinite one would become NaN."""

from collections.abc import Callable

import numpy as np
import pytest

from minigrad import IGNORE, Tensor, ops, use_kernels

SETS = ["reference", "fast", "cuda_on_host"]
INF, NAN = np.inf, np.nan

# What the op is given, the op, and the gradient where that of each of its outputs is infinite.
CASES: dict[str, tuple[list[float], Callable[[Tensor], Tensor], list[float]]] = {
    "relu": ([-1, 0, 4], ops.relu, [0, 0, INF]),
    "maximum": ([-1, 0, 1], lambda x: ops.maximum(x, 0.0), [0, INF, INF]),
    "maximum, on the right": ([-1, 0, 1], lambda x: ops.maximum(np.zeros(3, np.float32), x), [0, INF, INF]),
    "minimum": ([-1, 0, 1], lambda x: ops.minimum(x, 0.0), [INF, INF, 0]),
    "clip": ([-2, -1, 0, 2], lambda x: ops.clip(x, -1, 1), [0, INF, INF, 0]),
    "clip on one side": ([-2, 0, 2], lambda x: ops.clip(x, 0, INF), [0, INF, INF]),
    "where": ([1, 2], lambda x: ops.where(np.array([True, False]), x, 0.0), [INF, 0]),
    "where, the other": ([1, 2], lambda x: ops.where(np.array([True, False]), 0.0, x), [0, INF]),
    "max": ([3, 1, 3], ops.max, [INF, 0, INF]),
    "max over an axis": ([3, 1, 2], lambda x: ops.max(x, axis=-1, keepdims=True), [INF, 0, 0]),
    "abs": ([-2, 0, 2], ops.abs, [-INF, 0, INF]),
    "the power of 0": ([0, 1], lambda x: x**0, [0, 0]),
    "a slice": ([1, 2, 3], lambda x: x[1:], [0, INF, INF]),
    "an index": ([1, 2, 3], lambda x: x[np.array([2, 2])], [0, 0, INF]),
    "a mask": ([1, 2, 3], lambda x: x[np.array([True, False, True])], [INF, 0, INF]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kernels", SETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_infinite_gradient_goes_where_the_value_came_from_and_nowhere_else(name, kernels, dtype):
    values, op, expected = CASES[name]
    x = Tensor(np.array(values, dtype), requires_grad=True)
    with use_kernels(kernels):
        out = op(x)
        out.backward(np.full(out.shape, INF, dtype))
    np.testing.assert_array_equal(x.grad, np.array(expected, dtype), strict=True)


@pytest.mark.parametrize("kernels", SETS)
@pytest.mark.filterwarnings("ignore:divide by zero")  # by the derivative of sqrt at 0
def test_the_root_of_a_relu_has_no_gradient_where_relu_is_0(kernels):
    x = Tensor([-1.0, 4.0], requires_grad=True)
    with use_kernels(kernels):
        ops.sqrt(ops.relu(x)).sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 0.25])


@pytest.mark.parametrize("op", [ops.relu, lambda x: ops.maximum(x, 0.0), ops.max])
@pytest.mark.parametrize("kernels", SETS)
def test_nan_receives_the_gradient_of_the_nan_that_it_caused(op, kernels):  # as in PyTorch
    x = Tensor([NAN, -1.0], requires_grad=True)
    with use_kernels(kernels):
        op(x).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 0])


def test_dropout_drops_infinities_in_both_directions():
    x = Tensor(np.full(100, INF, np.float32), requires_grad=True)
    out = ops.dropout(x, 0.5, np.random.default_rng(0))
    kept = np.random.default_rng(0).random(100, dtype=np.float32) >= 0.5
    out.backward(np.full(100, INF, np.float32))
    np.testing.assert_array_equal(out.data, np.where(kept, INF, 0))
    np.testing.assert_array_equal(x.grad, np.where(kept, INF, 0))


@pytest.mark.parametrize("shape", [(), (0,), (3, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_takes_every_shape_and_floating_dtype(shape, dtype):
    x = Tensor(np.ones(shape, dtype), requires_grad=True)
    out = ops.dropout(x, 0.5, np.random.default_rng(1))
    out.backward(np.ones(shape, dtype))
    assert out.dtype == x.grad.dtype == dtype
    assert np.isin(out.data, [0, 2]).all()
    np.testing.assert_array_equal(x.grad, out.data)


@pytest.mark.parametrize("labels", [[1, IGNORE], [IGNORE, IGNORE]])
@pytest.mark.parametrize("kernels", SETS)
def test_a_row_without_a_label_has_no_gradient_though_the_losss_is_infinite(labels, kernels):
    logits = Tensor(np.zeros((2, 3), np.float32), requires_grad=True)
    with use_kernels(kernels):
        ops.cross_entropy(logits, np.array(labels)).backward(np.float32(INF))
    expected = np.array([[INF, -INF, INF] if labels[0] == 1 else [0, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(logits.grad, expected)


BEFORE, AFTER = np.tri(3, 3, -1, dtype=bool)[None, None], ~np.tri(3, 3, dtype=bool)[None, None]
SEES_NOTHING = {
    "a mask": ({"mask": np.array([[0, 0, 0]])}, [0, 1, 2]),
    "left padding under a causal mask": ({"mask": np.array([[0, 1, 1]]), "causal": True}, [0]),
    "a mask for each query": ({"mask": BEFORE}, [0]),
    "a mask for each query under a causal mask": ({"mask": AFTER, "causal": True}, [0, 1, 2]),
    "nothing hidden": ({"mask": np.array([[1, 1, 0]]), "causal": True}, []),
}


@pytest.mark.parametrize("name", SEES_NOTHING)
@pytest.mark.parametrize("kernels", SETS)
def test_a_query_that_sees_no_key_gives_no_gradient_though_its_own_is_infinite(name, kernels):
    options, blind = SEES_NOTHING[name]
    rng = np.random.default_rng(0)
    arrays = rng.standard_normal((3, 1, 1, 3, 2)).astype(np.float32)
    grad = rng.standard_normal((1, 1, 3, 2)).astype(np.float32)

    def gradients(value: float) -> list[np.ndarray]:
        inputs = [Tensor(array, requires_grad=True) for array in arrays]
        above = grad.copy()
        above[:, :, blind] = value
        with use_kernels(kernels):
            out = ops.attention(*inputs, **options)
            out.backward(above)
        np.testing.assert_array_equal(out.data[:, :, blind], 0)
        return [tensor.grad for tensor in inputs]

    for found, expected in zip(gradients(INF), gradients(0.0), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_query_before_all_keys_gives_no_gradient():  # T = 2 queries and S = 1 key: the first is before it
    q, k = (Tensor(np.ones((1, 1, n, 2), np.float32), requires_grad=True) for n in (2, 1))
    ops.attention(q, k, k, causal=True).backward(np.array([[[[INF, INF], [1, 1]]]], np.float32))
    np.testing.assert_array_equal(k.grad, [[[[1, 1]]]])
