"""The check of backward rules: it notices every kind of wrong rule, and refuses what it cannot check."""

import numpy as np
import pytest

from minigrad import Tensor, no_grad, ops
from minigrad.errors import NoGraphError
from minigrad.gradcheck import gradcheck
from minigrad.tensor import record

X = np.array([1.0, 2.0, -0.5])


def with_rule(gradient_of):
    """x², with a rule of one's own."""

    def square(x: Tensor) -> Tensor:
        array = x.data

        def square_backward(grad: np.ndarray) -> np.ndarray:
            return gradient_of(grad, array)

        return record(array**2, (x,), square_backward)

    return square


def test_a_right_rule_passes():
    gradcheck(with_rule(lambda grad, x: 2 * grad * x), [X])
    gradcheck(lambda a, b: a * b + ops.exp(a), [X, X[:1]])


@pytest.mark.parametrize(
    "gradient_of",
    [
        lambda grad, x: grad * x,
        lambda grad, x: 2 * grad * x + 1e-3,
        lambda grad, x: 0 * grad,
        lambda grad, x: np.where(x > 0, 2 * grad * x, np.nan),
        lambda grad, x: np.where(x > 0, 2 * grad * x, np.inf),
        lambda grad, x: np.full_like(x, np.inf),
        lambda grad, x: np.where(x > 1, np.inf, -np.inf),
    ],
)
def test_a_wrong_rule_fails(gradient_of):
    with pytest.raises(AssertionError, match="the gradient of input 0, shape"), np.errstate(invalid="ignore"):
        gradcheck(with_rule(gradient_of), [X])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_output_that_is_not_finite_fails(bad):
    with pytest.raises(AssertionError, match="finite differences give"):
        gradcheck(lambda x: x * np.array([1.0, bad, 1.0]), [X])


def test_an_input_that_the_output_depends_on_behind_the_tapes_back_fails():
    with pytest.raises(AssertionError, match="the gradient of input 1"):
        gradcheck(lambda a, b: a * b.detach(), [X, X])


@pytest.mark.parametrize(
    "function", [lambda x: Tensor(x.data * 2), lambda x: Tensor(np.ones(3)), lambda x: x.detach() * 2]
)
def test_an_output_without_a_graph_is_refused(function):
    with pytest.raises(NoGraphError, match="function returns a tensor that does not depend on the inputs through ops"):
        gradcheck(function, [X])


def test_no_grad_is_refused():
    with no_grad(), pytest.raises(NoGraphError, match="no_grad"):
        gradcheck(ops.exp, [X])


@pytest.mark.parametrize("output", [None, 1.0, X, (Tensor(X), Tensor(X))])
def test_an_output_that_is_no_tensor_is_refused(output):
    with pytest.raises(TypeError, match="function must return a Tensor, got"):
        gradcheck(lambda x: output, [X])


def test_a_function_that_writes_into_its_inputs_is_refused_and_the_callers_arrays_stay():
    def writes(a: Tensor, b: Tensor) -> Tensor:
        out = a * b
        b.data[...] = 0
        return out

    def writes_when_differentiated(x: Tensor) -> Tensor:
        array = x.data

        def rule(grad: np.ndarray) -> np.ndarray:
            result = 2 * grad * array
            array[...] = 0
            return result

        return record(array**2, (x,), rule)

    def writes_into_constants(x: Tensor) -> Tensor:
        out = x * 2.0
        if not x.requires_grad:
            x[0] = 0
        return out

    kept = X.copy()
    for function, inputs in ((writes, [X, X]), (writes_when_differentiated, [X]), (writes_into_constants, [X])):
        with pytest.raises(ValueError, match=r"function writes into input \d"):
            gradcheck(function, inputs)
        np.testing.assert_array_equal(X, kept)


def test_an_output_that_changes_its_shape_is_refused():
    calls = []

    def grows(x: Tensor) -> Tensor:
        calls.append(x)
        return x if len(calls) == 1 else ops.concatenate([x, x])

    with pytest.raises(ValueError, match=r"function returns shapes \(3,\) and \(6,\)"):
        gradcheck(grows, [X])


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        ([], ValueError, "inputs is empty"),
        (X, TypeError, "inputs must be a list of arrays, got ndarray"),
        (Tensor(X), TypeError, "inputs must be a list of arrays, got Tensor"),
        ([[1.0, 2.0]], TypeError, "input 0 must be a float64 array, got list"),
        ([X, Tensor(X)], TypeError, "input 1 must be a float64 array, got Tensor"),
        ([np.arange(3)], TypeError, "input 0 must be float64 for finite differences, got int64"),
        ([X, np.array([np.nan])], ValueError, "input 1 must be finite, got NaN or infinity"),
    ],
)
def test_inputs_that_cannot_be_checked_are_refused(inputs, error, message: str):
    with pytest.raises(error, match=message):
        gradcheck(lambda *tensors: tensors[0] * 2.0, inputs)


@pytest.mark.parametrize(
    ("setting", "value", "error"),
    [
        ("directions", 0, ValueError),
        ("directions", -1, ValueError),
        ("directions", 1.5, TypeError),
        ("epsilon", 0.0, ValueError),
        ("epsilon", float("nan"), ValueError),
        ("epsilon", -1e-6, ValueError),
        ("epsilon", 1e-30, ValueError),
        ("tolerance", 0.0, ValueError),
        ("tolerance", 1.0, ValueError),
        ("tolerance", float("inf"), ValueError),
        ("tolerance", "1e-6", TypeError),
        ("seed", -1, ValueError),
        ("seed", None, TypeError),
    ],
)
def test_settings_with_which_a_wrong_rule_would_pass_are_refused(setting: str, value, error):
    with pytest.raises(error, match=f"{setting} (must be|is too small)"):
        gradcheck(with_rule(lambda grad, x: 0 * grad), [X], **{setting: value})
