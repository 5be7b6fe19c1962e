"""Integers, booleans and mixed dtypes: promoted as NumPy does, or refused by name; nothing is truncated.

Every rule holds on every set of kernels. What is expected is NumPy's result, or the op's own of float64 input.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigrad import IGNORE, Tensor, ops

INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]
WHOLE = [np.bool_, *INTEGERS]
AS_LONG_AS_FLOAT64 = np.dtype(np.longdouble).itemsize == 8  # on Windows, and on Apple's processors

TO_FLOAT64: dict[str, Callable[[Tensor], Tensor]] = {  # what has fractions, of whole numbers too
    "exp": ops.exp,
    "log": lambda x: ops.log(x + 1),
    "sqrt": ops.sqrt,
    "tanh": ops.tanh,
    "sigmoid": ops.sigmoid,
    "log_sigmoid": ops.log_sigmoid,
    "silu": ops.silu,
    "gelu": ops.gelu,
    "gelu_tanh": ops.gelu_tanh,
    "softmax": ops.softmax,
    "log_softmax": ops.log_softmax,
    "logsumexp": ops.logsumexp,
    "mean": ops.mean,
    "mean over an axis": lambda x: ops.mean(x, axis=0),
    "var": ops.var,
    "dropout": lambda x: ops.dropout(x, 0.6, np.random.default_rng(0)),
    "mse_loss": lambda x: ops.mse_loss(x, np.zeros(x.shape, np.int64)),
    "mse_loss with small unsigned targets": lambda x: ops.mse_loss(x, np.full(x.shape, 2, np.uint8)),
    "binary_cross_entropy_with_logits": lambda x: ops.binary_cross_entropy_with_logits(x, np.ones(x.shape, np.int8)),
    "division": lambda x: x / 2,
    "a division of numbers": lambda x: 1 / (x + 1),
    "a negative power": lambda x: (x + 1) ** -1,
    "a fractional power": lambda x: x**0.5,
    "a product with a float": lambda x: x * 0.5,
    "a sum with a float": lambda x: 0.5 + x,
    "a float where the condition does not hold": lambda x: ops.where(x.data > 0, x, 0.5),
    "a maximum with a float": lambda x: ops.maximum(x, 0.5),
}


@pytest.mark.parametrize("dtype", WHOLE)
@pytest.mark.parametrize("name", TO_FLOAT64)
def test_whole_numbers_become_float64_where_the_result_has_fractions(name: str, dtype: type, kernels: str):
    op, values = TO_FLOAT64[name], np.array([[1, 0, 1], [1, 1, 0]] if dtype is np.bool_ else [[1, 0, 3], [2, 7, 5]])
    out = op(Tensor(values.astype(dtype)))
    assert out.dtype == np.float64
    np.testing.assert_allclose(out.data, op(Tensor(values.astype(np.float64))).data, rtol=1e-12)


def test_the_examples_that_were_truncated():
    assert Tensor([1, 2]).mean().item() == 1.5
    np.testing.assert_array_equal((Tensor([True, False]) + 1).data, [2, 1])
    np.testing.assert_array_equal((Tensor([True, False]) * 3).data, [3, 0])
    np.testing.assert_allclose((Tensor([1, 2]) ** -1).data, [1, 0.5])
    np.testing.assert_allclose(ops.gelu(Tensor([1, 2])).data, [0.84134475, 1.95449974], rtol=1e-8)
    np.testing.assert_allclose(ops.var(Tensor([0, 1])).data, 0.25)


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "@": lambda a, b: a @ b,
}


@pytest.mark.parametrize("one", [*WHOLE, np.float32, np.float64])
@pytest.mark.parametrize("other", [*WHOLE, np.float32, np.float64])
@pytest.mark.parametrize("name", OPERATIONS)
def test_two_arrays_are_promoted_as_numpy_does(name: str, one: type, other: type):
    a, b = np.array([[1, 1], [0, 1]], one), np.array([[1, 0], [1, 1]], other)
    if name == "-" and one is other is np.bool_:
        pytest.skip("NumPy refuses it")
    with np.errstate(divide="ignore", invalid="ignore"):
        out, expected = OPERATIONS[name](Tensor(a), Tensor(b)), OPERATIONS[name](a, b)
    assert out.dtype == expected.dtype
    np.testing.assert_array_equal(out.data, expected)


@pytest.mark.parametrize("dtype", [*WHOLE, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("number", [2, 0.5, True])
def test_a_number_beside_an_array_is_weak_as_in_numpy(number: float, dtype: type):
    array = np.array([1, 0, 1], dtype)
    for operation in (lambda a: a + number, lambda a: number * a, lambda a: a / number):
        out, expected = operation(Tensor(array)), operation(array)
        assert out.dtype == expected.dtype
        np.testing.assert_array_equal(out.data, expected)


@pytest.mark.parametrize("axis", [None, 0])
@pytest.mark.parametrize("dtype", WHOLE)
def test_sums_maxima_and_absolute_values_stay_whole(dtype: type, axis: int | None):
    array = np.array([[1, 0, 1], [1, 1, 0]], dtype)
    for ours, theirs in ((ops.sum, np.sum), (ops.max, np.max)):
        out, expected = ours(Tensor(array), axis=axis), theirs(array, axis=axis)
        assert out.dtype == expected.dtype
        np.testing.assert_array_equal(out.data, expected)
    assert ops.abs(Tensor(array)).dtype == dtype


def test_whole_numbers_keep_all_their_digits(kernels: str):
    large = 2**53 + 1  # which float64 cannot hold
    np.testing.assert_array_equal((Tensor([large]) + 2).data, [large + 2])
    np.testing.assert_array_equal(ops.sum(Tensor([large, 1])).data, large + 1)
    np.testing.assert_array_equal(ops.relu(Tensor([large, -1])).data, [large, 0])
    np.testing.assert_array_equal(ops.matmul(Tensor([large]), Tensor([3])).data, large * 3)
    np.testing.assert_array_equal((Tensor([3]) ** 3).data, [27])
    np.testing.assert_array_equal(ops.concatenate([Tensor([large]), Tensor([True])]).data, [large, 1])


# Layers: floats, all of one dtype in the end.


def layer_inputs(dtype: type) -> dict[str, tuple[Callable[..., Tensor], dict[str, np.ndarray]]]:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return rng.integers(0, 3, shape).astype(dtype)

    return {
        "linear": (ops.linear, {"x": draw(2, 3), "weight": draw(4, 3), "bias": draw(4)}),
        "layer_norm": (ops.layer_norm, {"x": draw(2, 3), "weight": draw(3), "bias": draw(3)}),
        "rms_norm": (ops.rms_norm, {"x": draw(2, 3), "weight": draw(3)}),
        "attention": (ops.attention, {name: draw(1, 2, 3, 4) for name in "qkv"} | {"bias": draw(1, 2, 3, 3)}),
        "cross_entropy": (lambda logits: ops.cross_entropy(logits, np.array([0, IGNORE])), {"logits": draw(2, 3)}),
        "lstm": (
            lambda x, h0, c0, weight_ih, weight_hh, bias: ops.lstm(x, h0.data, c0.data, weight_ih, weight_hh, bias)[0],
            {
                "x": draw(2, 3, 2), "h0": draw(2, 2), "c0": draw(2, 2),
                "weight_ih": draw(8, 2), "weight_hh": draw(8, 2), "bias": draw(8),
            },
        ),
    }  # fmt: skip


LAYERS = layer_inputs(np.float64)
ARGUMENTS = [(layer, name) for layer, (_, arrays) in LAYERS.items() for name in arrays]


@pytest.mark.parametrize(("layer", "name"), ARGUMENTS)
@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.float16])
def test_a_layer_refuses_whole_numbers_and_float16_by_name(layer: str, name: str, dtype: type, kernels: str):
    op, arrays = layer_inputs(np.float32)[layer]
    tensors = {each: Tensor(array.astype(dtype) if each == name else array) for each, array in arrays.items()}
    with pytest.raises(TypeError) as caught:
        op(**tensors)
    message = str(caught.value)
    assert f"{layer} needs float32 or float64, got {np.dtype(dtype)} for {name}; convert it" in message


@pytest.mark.parametrize(("layer", "name"), ARGUMENTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_of_float32_and_float64_is_float64(layer: str, name: str, dtype: type, kernels: str):
    """One of the arrays has the one dtype, all others the other; each gradient has the dtype of its array."""
    if layer == "cross_entropy":
        pytest.skip("it takes one array of floats")
    op, exact = LAYERS[layer]
    rest = np.float64 if dtype is np.float32 else np.float32
    arrays = {each: array.astype(dtype if each == name else rest) for each, array in exact.items()}
    needs_grad = {each: each not in ("h0", "c0") for each in arrays}
    ours = {each: Tensor(array, requires_grad=needs_grad[each]) for each, array in arrays.items()}
    same = {each: Tensor(array, requires_grad=needs_grad[each]) for each, array in exact.items()}
    out, expected = op(**ours), op(**same)
    assert out.dtype == np.float64
    np.testing.assert_allclose(out.data, expected.data, rtol=1e-12)
    gradient = np.random.default_rng(1).standard_normal(out.shape)
    out.backward(gradient)
    expected.backward(gradient)
    for each in arrays:
        if needs_grad[each]:
            assert ours[each].grad.dtype == arrays[each].dtype
            np.testing.assert_allclose(ours[each].grad, same[each].grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["relu", "gelu", "gelu_tanh"])
def test_functions_that_run_a_kernel_refuse_float16(name: str, kernels: str):
    with pytest.raises(TypeError, match=f"{name} needs float32 or float64, got float16 for x"):
        getattr(ops, name)(Tensor(np.ones(2, np.float16)))


def test_so_do_the_matrix_product_and_a_table_that_is_trained(kernels: str):
    half = Tensor(np.ones((2, 2), np.float16), requires_grad=True)
    with pytest.raises(TypeError, match="matmul needs float32 or float64, got float16 for a"):
        half @ half
    with pytest.raises(TypeError, match="embedding needs float32 or float64, got float16 for weight"):
        ops.embedding(np.array([0]), half)
    assert (half @ Tensor(np.ones((2, 2), np.float32))).dtype == np.float32  # as NumPy promotes


def test_a_kernel_that_is_called_by_itself_refuses_them_too(kernels: str):
    from minigrad.kernels import adam, gelu, sum_of_squares

    half = np.ones(2, np.float16)
    with pytest.raises(TypeError, match=r"gelu_forward is for float32 and float64, got float16; convert it with \.as"):
        gelu.gelu_forward(half)
    with pytest.raises(TypeError, match="sum_of_squares is for float32 and float64, got float16"):
        sum_of_squares.sum_of_squares([half])
    with pytest.raises(TypeError, match="data must be float32 or float64, got int64"):
        adam.adam_step(*np.ones((4, 2), np.int64), adam.AdamHyperparameters(0.1, 0.9, 0.99, 1e-8, 1, 1))


def test_elementwise_ops_take_float16_as_numpy_does(kernels: str):
    x = Tensor(np.array([1, 2, 3], np.float16), requires_grad=True)
    out = ops.sum(ops.exp(x) * ops.sigmoid(x) / 2 + ops.softmax(x))
    out.backward()
    assert out.dtype == x.grad.dtype == np.float16
    exact = np.array([1.0, 2, 3])
    expected = (np.exp(exact) / (1 + np.exp(-exact)) / 2).sum() + 1
    np.testing.assert_allclose(out.data, expected, rtol=2e-3)


# Arrays from elsewhere.


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i4", ">u2", ">f2"])
def test_the_other_byte_order_is_converted(dtype: str, kernels: str):
    array = np.array([[1, 2], [3, 4]], dtype)
    tensor = Tensor(array)
    assert tensor.dtype == array.dtype.newbyteorder("=")
    assert tensor.dtype.isnative
    np.testing.assert_array_equal(tensor.data, array)
    tensor.data = array[::-1]
    assert tensor.dtype.isnative
    tensor[0] = array[0]
    np.testing.assert_array_equal(tensor.data, array[[0, 0]])
    if array.dtype.itemsize >= 4 and array.dtype.kind == "f":
        weight = Tensor(array, requires_grad=True)
        out = ops.linear(array, weight)
        out.backward(np.ones((2, 2), dtype))
        np.testing.assert_array_equal(out.data, array.astype(float) @ array.astype(float).T)
        assert weight.grad.dtype.isnative
        np.testing.assert_array_equal(weight.grad, [[4, 6], [4, 6]])


@pytest.mark.skipif(AS_LONG_AS_FLOAT64, reason="longdouble is float64 here")
def test_longdouble_is_refused():
    with pytest.raises(TypeError, match=r"got ndarray of dtype float128; convert it with \.astype\('float64'\)"):
        Tensor(np.ones(2, np.longdouble))
    with pytest.raises(TypeError, match="dtype float128"):
        ops.add(Tensor([1.0]), np.longdouble(1))


@pytest.mark.parametrize("data", [np.ones(1, complex), np.array(["2020"], "M8[s]"), np.array([{}]), np.array(["a"])])
def test_what_is_no_number_is_refused_wherever_it_comes_in(data: np.ndarray, kernels: str):
    x = Tensor(np.ones(1, np.float32), requires_grad=True)
    for use in (lambda: Tensor(data), lambda: x + data, lambda: ops.linear(data, x), lambda: ops.gelu(data)):
        with pytest.raises(TypeError, match="data must be numbers, got ndarray of dtype"):
            use()
    with pytest.raises(TypeError, match="gradient must be numbers of a dtype that fits into float32"):
        (x * 2).backward(data)
    with pytest.raises(TypeError, match="value must be numbers of a dtype that fits into float32"):
        x.detach()[0] = data[0]
    with pytest.raises(TypeError, match="data must be numbers"):
        x.data = data


# Writing in place.


@pytest.mark.parametrize(
    ("dtype", "value"),
    [(np.int64, 1.5), (np.int64, 1.0), (np.bool_, 2), (np.bool_, 0.5), (np.float32, 1j), (np.int32, Tensor([1.5]))],
)
def test_a_value_that_would_be_cut_is_not_written(dtype: type, value: Any):
    tensor = Tensor(np.zeros(2, dtype))
    with pytest.raises(TypeError, match=f"value must be numbers of a dtype that fits into {np.dtype(dtype)}, got"):
        tensor[0] = value
    np.testing.assert_array_equal(tensor.data, [0, 0])


@pytest.mark.parametrize(("dtype", "value"), [(np.int32, 2**40), (np.uint8, -1), (np.int8, np.array([1, 200]))])
def test_a_whole_number_that_does_not_fit_is_not_written(dtype: type, value: Any):
    tensor = Tensor(np.zeros(2, dtype))
    with pytest.raises(OverflowError, match=f"value must fit into {np.dtype(dtype)}, got numbers from"):
        tensor[:] = value
    np.testing.assert_array_equal(tensor.data, [0, 0])


@pytest.mark.parametrize(
    ("dtype", "value"), [(np.uint8, 200), (np.int8, np.array([1, 2])), (np.float32, 2), (np.float64, 0.1), (int, True)]
)
def test_a_value_that_fits_is_written(dtype: type, value: Any):
    tensor = Tensor(np.zeros(2, dtype))
    tensor[:] = value
    np.testing.assert_array_equal(tensor.data, np.broadcast_to(value, 2).astype(dtype))


def test_data_of_a_tensor_with_a_gradient_stays_floating():
    tensor = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match="data of a tensor with requires_grad=True needs a floating dtype, got int64"):
        tensor.data = np.array([1, 2])
    tensor.data = np.array([1.0, 2.0])
    assert tensor.dtype == np.float64


@pytest.mark.parametrize(("array", "number"), [(np.zeros(1, np.int32), 2**40), (np.zeros(1, np.uint8), -1)])
def test_a_number_that_an_array_of_integers_cannot_hold_is_an_overflow_error(array: np.ndarray, number: int):
    with pytest.raises(OverflowError, match=f"Python integer {number} out of bounds for {array.dtype}"):
        Tensor(array) + number


@pytest.mark.parametrize("exponent", [True, "2", None, np.ones(1), np.bool_(True)])
def test_an_exponent_that_is_no_number_is_refused(exponent: Any):
    with pytest.raises(TypeError, match="exponent must be a number, got"):
        Tensor([1.0]) ** exponent


@pytest.mark.parametrize("exponent", [np.int64(2), np.float32(2), np.float64(2.0)])
def test_an_exponent_of_numpys_is_a_number(exponent: Any):
    out = Tensor(np.array([3], np.float32)) ** exponent
    assert (out.dtype, out.item()) == (np.float32, 9)
