"""An array that was given to an op belongs to its caller, who may overwrite it before the backward pass: what a rule
reads later is a copy, or the write is noticed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, no_grad, ops, use_kernels
from minigrad.errors import InPlaceError

SETS = ["reference", "fast", "cuda_on_host"]


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def parameters(*shapes: tuple[int, ...]) -> list[Tensor]:
    return [Tensor(numbers(*shape), requires_grad=True) for shape in shapes]


def lstm(x: Any, h0: Any, c0: Any) -> tuple[Tensor, list[Tensor], Any]:
    weights = parameters((8, 3), (8, 2), (8,))
    out, final = ops.lstm(x, h0, c0, *weights)
    return out, weights, final


X = numbers(3, 4)
ROWS, MASK, STATE = np.array([0, 2, 2]), np.array([[1, 1, 0], [0, 1, 1]]), numbers(2, 2)

# What is given to the op, and the op on it: beside parameters of the shapes.
CASES: dict[str, tuple[np.ndarray, list[tuple[int, ...]], Callable[..., Tensor]]] = {
    "mul": (X, [(3, 4)], ops.mul),
    "mul, on the right": (X, [(3, 4)], lambda a, x: x * a),
    "div by": (X, [(3, 4)], lambda a, x: x / a),
    "div of": (X, [(3, 4)], lambda a, x: a / x),
    "add": (X, [(3, 4)], ops.add),
    "maximum": (X, [(3, 4)], ops.maximum),
    "minimum": (X, [(3, 4)], lambda a, x: ops.minimum(x, a)),
    "matmul, on the left": (X, [(4, 2)], ops.matmul),
    "matmul, on the right": (X, [(2, 3)], lambda a, x: x @ a),
    "the input of linear": (X, [(2, 4), (2,)], ops.linear),
    "the input of layer_norm": (X, [(4,), (4,)], ops.layer_norm),
    "the weight of layer_norm": (X[0], [(3, 4), (4,)], lambda a, x, b: ops.layer_norm(x, a, b)),
    "the input of rms_norm": (X, [(4,)], ops.rms_norm),
    "concatenate": (X, [(3, 4)], lambda a, x: ops.concatenate([a, x])),
    "stack": (X, [(3, 4)], lambda a, x: ops.stack([a, x])),
    "the condition of where": (X > 0, [(3, 4), (3, 4)], ops.where),
    "an alternative of where": (X, [(3, 4)], lambda a, x: ops.where(a > 0, a, x)),
    "ids": (ROWS, [(4, 2)], ops.embedding),
    "int32 ids": (ROWS.astype(np.int32), [(4, 2)], ops.embedding),
    "an index": (ROWS, [(4, 2)], lambda a, x: x[a]),
    "one index of two": (ROWS, [(4, 3)], lambda a, x: x[:, a]),
    "two indices": (ROWS, [(4, 3)], lambda a, x: x[a, a]),
    "a mask as index": (X > 0, [(3, 4)], lambda a, x: x[a]),
    "the mask of attention": (MASK, [(2, 1, 3, 2)] * 3, lambda a, q, k, v: ops.attention(q, k, v, mask=a)),
    "a boolean mask of attention": (MASK > 0, [(2, 1, 3, 2)] * 3, lambda a, q, k, v: ops.attention(q, k, v, mask=a)),
    "labels": (ROWS, [(3, 5)], lambda a, x: ops.cross_entropy(x, a) * 2.0),
    "targets of binary cross-entropy": (abs(X) / 9, [(3, 4)], lambda a, x: ops.binary_cross_entropy_with_logits(x, a)),
    "the target of mse_loss": (X, [(3, 4)], lambda a, x: ops.mse_loss(x, a)),
    "h0 of lstm": (STATE, [(2, 4, 3)], lambda a, x: lstm(x, a, STATE.copy())[0]),
    "c0 of lstm": (STATE, [(2, 4, 3)], lambda a, x: lstm(x, STATE.copy(), a)[0]),
}
AS_TENSOR = [name for name, (given, *_) in CASES.items() if name not in ("the weight of layer_norm",)]


def gradients(name: str, give: Callable[[np.ndarray], Any], after: Callable[[Any], None]) -> list[np.ndarray]:
    """The gradients of a case, after something has been done to the array that was given to the op."""
    array, shapes, call = CASES[name]
    given, inputs = give(array.copy()), parameters(*shapes)
    out = call(given, *inputs)
    after(given)
    out.backward(numbers(*out.shape))
    return [tensor.grad for tensor in inputs]


def overwrite(array: Any) -> None:
    array[...] = 1 - array if array.dtype != bool else ~array


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kernels", SETS)
def test_the_caller_may_overwrite_an_array_that_an_op_was_given(name: str, kernels: str):
    with use_kernels(kernels):
        expected = gradients(name, lambda array: array, lambda array: None)
        found = gradients(name, lambda array: array, overwrite)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize("name", AS_TENSOR)
def test_a_write_into_a_tensor_that_an_op_was_given_changes_nothing_or_is_noticed(name: str):
    def write(tensor: Tensor) -> None:
        with no_grad():
            tensor[...] = 1 - tensor.data if tensor.dtype != bool else ~tensor.data

    expected = gradients(name, Tensor, lambda tensor: None)
    try:
        found = gradients(name, Tensor, write)
    except InPlaceError:
        return
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


def test_a_list_of_indices_may_change_too():
    (x,) = parameters((4, 2))
    rows = [0, 2, 2]
    out = x[rows]
    rows[:] = [3, 3, 3]
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, [[1, 1], [0, 0], [2, 2], [0, 0]])
    assert x[[]].shape == (0, 2)


@pytest.mark.parametrize("kernels", SETS)
def test_the_final_state_of_an_lstm_belongs_to_the_caller(kernels: str):
    x = numbers(2, 4, 3)
    with use_kernels(kernels):
        out, weights, (h, c) = lstm(x, STATE, STATE)
        np.testing.assert_array_equal(h, out.data[:, -1])
        before = out.data.copy()
        h[:], c[:] = 0, 0  # where a text ends, say
        np.testing.assert_array_equal(out.data, before)
        out.sum().backward()
        found = [weight.grad for weight in weights]
        again, weights, _ = lstm(x, STATE, STATE)
        again.sum().backward()
    for one, weight in zip(found, weights, strict=True):
        np.testing.assert_array_equal(one, weight.grad)


def test_the_state_of_an_lstm_without_time_steps_is_a_copy():
    with use_kernels("reference"):
        _, _, (h, c) = lstm(numbers(2, 0, 3), STATE, STATE)
    np.testing.assert_array_equal(h, STATE)
    assert not np.shares_memory(h, STATE)
    assert not np.shares_memory(c, STATE)


def test_a_bias_of_attention_is_watched_since_a_gpu_reads_it_again():
    q, bias = parameters((1, 1, 2, 3), (1, 1, 2, 2))
    out = ops.attention(q, q, q, bias=bias)
    bias.data += 1
    with pytest.raises(InPlaceError, match="attention_backward"):
        out.sum().backward()
