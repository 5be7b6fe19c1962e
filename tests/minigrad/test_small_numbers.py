"""float32 results are right to 1e-6 of themselves wherever they can be represented; infinities come out as in PyTorch.

What is expected is computed in float64, by formulas in which nothing cancels. Where a fast kernel is less exact, the
bound says by how much. No test here ignores a RuntimeWarning, so none of these inputs raises one.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest

from minigrad import Tensor, ops

INF, NAN = math.inf, math.nan
POSITIVE = [1e-30, 1e-4, 0.3, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 80.0, 100.0, 1e4]
GRID = np.array([0.0, *POSITIVE, -0.0, *(-x for x in POSITIVE)], np.float32)
LOWEST = 1.2e-38
"""The smallest normal float32. Of what is below, kernels may keep a few digits, or nothing."""

Function = Callable[[np.ndarray], np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    power = np.exp(-abs(x))
    return np.where(x >= 0, 1, power) / (1 + power)


def softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


def normal_cdf(x: np.ndarray) -> np.ndarray:
    return 0.5 * np.vectorize(math.erfc)(-x / math.sqrt(2))


def normal_density(x: np.ndarray) -> np.ndarray:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def twice_u(x: np.ndarray) -> np.ndarray:
    """The exponent of GELU's tanh form."""
    return 2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)


def gelu_tanh_slope(x: np.ndarray) -> np.ndarray:
    inner = 2 * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return sigmoid(twice_u(x)) + x * sigmoid(twice_u(x)) * sigmoid(-twice_u(x)) * inner


ELEMENTWISE: dict[str, tuple[Callable[[Tensor], Tensor], Function, Function]] = {  # the op, its value, its derivative
    "sigmoid": (ops.sigmoid, sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "log_sigmoid": (ops.log_sigmoid, lambda x: -softplus(-x), lambda x: sigmoid(-x)),
    "silu": (ops.silu, lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x))),
    "tanh": (ops.tanh, np.tanh, lambda x: 4 * sigmoid(2 * x) * sigmoid(-2 * x)),
    "gelu": (ops.gelu, lambda x: x * normal_cdf(x), lambda x: normal_cdf(x) + x * normal_density(x)),
    "gelu_tanh": (ops.gelu_tanh, lambda x: x * sigmoid(twice_u(x)), gelu_tanh_slope),
    "relu": (ops.relu, lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
}


def value_and_gradient(op: Callable[[Tensor], Tensor], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tensor = Tensor(x.copy(), requires_grad=True)
    out = op(tensor)
    out.backward(np.ones(out.shape, x.dtype))
    assert out.dtype == tensor.grad.dtype == x.dtype
    return out.data, tensor.grad


def assert_right(found: np.ndarray, expected: np.ndarray, bound: float = 1e-6) -> None:
    """Right to `bound` of each number; what is too large is infinite, what is too small is small."""
    expected = np.asarray(expected, np.float64)
    with np.errstate(over="ignore"):
        rounded = expected.astype(np.float32)
    tiny = abs(expected) < LOWEST
    np.testing.assert_allclose(np.where(tiny, 0, found), np.where(tiny, 0, rounded), rtol=bound, atol=0)
    assert (abs(found[tiny]) <= 1.1 * LOWEST).all()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_functions_of_one_number(name: str, kernels: str):
    op, value, derivative = ELEMENTWISE[name]
    x = GRID[abs(GRID) <= 5] if name.startswith("gelu") else GRID  # beyond, see the test of the tails
    out, grad = value_and_gradient(op, x)
    exact = x.astype(np.float64)
    bound = 2e-6 if name.startswith("gelu") and kernels != "reference" else 1e-6
    assert_right(out, value(exact), bound)
    assert_right(grad, derivative(exact), bound)


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh"])
def test_the_tails_of_gelu(name: str, kernels: str):
    """A polynomial or an exponential in float32 takes the rounding of its exponent along, up to 88 times 6e-8."""
    op, value, derivative = ELEMENTWISE[name]
    x = np.concatenate([np.linspace(-13, -1, 1201), np.linspace(0, 13, 1301)]).astype(np.float32)
    exact = x.astype(np.float64)
    out, grad = value_and_gradient(op, x)
    cdf = sigmoid(twice_u(exact)) if name == "gelu_tanh" else normal_cdf(exact)
    kept = cdf > LOWEST  # where the distribution function is smaller, a kernel may give 0
    bound = {"reference": 1e-6, "fast": 1.5e-5, "cuda_on_host": 1.5e-5}[kernels]
    assert_right(out[kept], value(exact[kept]), bound)
    assert_right(grad[kept], derivative(exact[kept]), bound)
    assert (abs(out[~kept]) < 20 * LOWEST).all()
    near = kept & (x > -5)
    bound = {"reference": 1e-6, "fast": 4e-6, "cuda_on_host": 3e-6}[kernels]
    assert_right(out[near], value(exact[near]), bound)
    assert_right(grad[near], derivative(exact[near]), bound)


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if name != "relu"])
def test_float64_is_right_as_well(name: str, kernels: str):
    op, value, derivative = ELEMENTWISE[name]
    x = np.array([0.0, 1e-30, 0.3, 5, 20, -1e-30, -0.3, -5, -20])
    out, grad = value_and_gradient(op, x)
    np.testing.assert_allclose(out, value(x), rtol=1e-12)
    np.testing.assert_allclose(grad, derivative(x), rtol=1e-12)


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_binary_cross_entropy(target: float):
    for x in GRID:
        loss, grad = value_and_gradient(
            lambda x: ops.binary_cross_entropy_with_logits(x, np.full(1, target, np.float32)), x[None]
        )
        exact, t = np.float64(x), np.float64(np.float32(target))
        assert_right(loss, (1 - t) * softplus(exact) + t * softplus(-exact))
        assert_right(grad, np.array([(1 - t) * sigmoid(exact) - t * sigmoid(-exact)]))


ROWS = [
    [0.0, -20.0], [20.0, 0.0, 0.0], [0.0, 0.0, -100.0], [100.0, 0.0, -50.0], [1e4, -1e4, 0.0], [5.0], [1e-30, -1e-30],
    [-80.0, -82.0], [0.3, -INF, 1.0], [-INF, -3.0], [3e38, 1.0],
]  # fmt: skip


def exact_softmax(row: np.ndarray) -> np.ndarray:
    exps = np.exp(row - row.max())
    return exps / exps.sum()


@pytest.mark.parametrize("row", ROWS)
def test_softmax_and_its_logarithms(row: list[float]):
    x, exact = np.array(row, np.float32), np.array(row, np.float32).astype(np.float64)
    probs, top = exact_softmax(exact), int(np.argmax(exact))
    log_total = np.log1p(np.exp(np.delete(exact, top) - exact[top]).sum())
    assert_right(ops.softmax(Tensor(x)).data, probs)
    assert_right(ops.log_softmax(Tensor(x)).data, exact - exact[top] - log_total)
    out, grad = value_and_gradient(ops.logsumexp, x)
    assert_right(out, exact[top] + log_total)
    assert_right(grad, probs)


@pytest.mark.parametrize("row", ROWS)
def test_cross_entropy(row: list[float], kernels: str):
    x, exact = np.array([row], np.float32), np.array(row, np.float32).astype(np.float64)
    probs = exact_softmax(exact)
    for label in range(len(row)):
        loss, grad = value_and_gradient(lambda x, label=label: ops.cross_entropy(x, np.array([label])), x)
        others = np.delete(exact, label)
        top = others.max(initial=-np.finfo(np.float64).max)
        assert_right(loss, softplus(np.log(np.exp(others - top).sum() or 1e-323) + top - exact[label]))
        expected = probs.copy()
        expected[label] = -np.delete(probs, label).sum()  # p - 1 would cancel
        assert_right(grad, expected[None])


# What is infinite or not a number: as PyTorch 2.13 has it (tests/parity/test_small_numbers.py compares).


@pytest.mark.parametrize(
    ("row", "value", "gradient"),
    [
        ([-INF, -INF], -INF, [NAN, NAN]),
        ([INF, 1], INF, [NAN, 0]),
        ([INF, 1e4, 0], INF, [NAN, 0, 0]),
        ([INF, -INF], INF, [NAN, 0]),
        ([-INF, 1], 1, [0, 1]),
        ([NAN, 1], NAN, [NAN, NAN]),
    ],
)
def test_logsumexp_of_infinities(row: list[float], value: float, gradient: list[float]):
    out, grad = value_and_gradient(ops.logsumexp, np.array(row, np.float32))
    np.testing.assert_array_equal(out, np.float32(value))
    np.testing.assert_array_equal(grad, np.array(gradient, np.float32))


def test_logsumexp_over_several_axes_and_with_their_lengths_kept():
    x = np.array([[[-INF, 0], [0, 0]], [[-INF, -INF], [-INF, -INF]], [[-20, 0], [-INF, -INF]]], np.float32)
    expected = np.array([math.log(3), -INF, math.log1p(math.exp(-20))])
    assert_right(ops.logsumexp(Tensor(x), axis=(1, 2)).data, expected)
    kept = ops.logsumexp(Tensor(x), axis=(1, 2), keepdims=True)
    assert kept.shape == (3, 1, 1)
    assert_right(ops.logsumexp(Tensor(x), axis=None).data, np.log(4 + math.exp(-20)))


@pytest.mark.parametrize("row", [[-INF, -INF], [INF, 1.0], [NAN, 1.0]])
def test_softmax_of_what_has_none_is_nan(row: list[float]):
    for op in (ops.softmax, ops.log_softmax):
        out, grad = value_and_gradient(op, np.array(row, np.float32))
        assert np.isnan(out).all()
        assert np.isnan(grad).all()


@pytest.mark.parametrize(
    ("name", "below", "above"),  # at minus and plus infinity: value and gradient
    [
        ("sigmoid", (0, 0), (1, 0)),
        ("log_sigmoid", (-INF, 1), (0, 0)),
        ("silu", (NAN, NAN), (INF, NAN)),
        ("tanh", (-1, 0), (1, 0)),
        ("gelu", (NAN, NAN), (INF, NAN)),
        ("gelu_tanh", (NAN, NAN), (INF, NAN)),
    ],
)
def test_functions_at_infinity_and_of_nan(name: str, below: tuple, above: tuple, kernels: str):
    out, grad = value_and_gradient(ELEMENTWISE[name][0], np.array([-INF, INF, NAN], np.float32))
    np.testing.assert_array_equal(out, np.array([below[0], above[0], NAN], np.float32))
    np.testing.assert_array_equal(grad, np.array([below[1], above[1], NAN], np.float32))


@pytest.mark.parametrize(
    ("row", "label", "loss"),
    [
        ([-INF, 0.0], 0, INF),
        ([-INF, 0.0], 1, 0.0),
        ([-INF, -INF], 0, NAN),
        ([INF, 0.0], 0, NAN),
        ([INF, 0.0], 1, NAN),
        ([NAN, 0.0], 1, NAN),
    ],
)
def test_cross_entropy_of_infinities(row: list[float], label: int, loss: float, kernels: str):
    out, grad = value_and_gradient(lambda x: ops.cross_entropy(x, np.array([label])), np.array([row], np.float32))
    np.testing.assert_array_equal(out, np.float32(loss))
    assert np.isnan(grad).any() == math.isnan(loss)


def test_attention_under_a_bias_of_minus_infinity(kernels: str):
    """Query 0 may attend to nothing: zeros, and no gradient. Query 1 sees one key."""
    rng = np.random.default_rng(0)
    q, k, v = (Tensor(rng.standard_normal((1, 1, 2, 4)).astype(np.float32), requires_grad=True) for _ in range(3))
    bias = Tensor(np.array([[[[-INF, -INF], [0, -INF]]]], np.float32), requires_grad=True)
    out = ops.attention(q, k, v, bias=bias)
    out.backward(np.ones(out.shape, np.float32))
    np.testing.assert_array_equal(out.data[0, 0, 0], np.zeros(4))
    np.testing.assert_allclose(out.data[0, 0, 1], v.data[0, 0, 0], rtol=1e-6)
    for tensor in (q, k, v, bias):
        assert np.isfinite(tensor.grad).all()


# Closed gates of an LSTM: their values are small, and none is 0.


@pytest.mark.parametrize("x", [-20.0, -50.0, 3.0])
def test_the_gates_of_an_lstm(x: float, kernels: str):
    ones, weight = np.ones((1, 1), np.float32), np.array([[x], [-x], [0.5], [x]], np.float32)
    arrays = [np.ones((1, 1, 1), np.float32), weight, np.zeros((4, 1), np.float32), np.zeros(4, np.float32)]
    inputs = [Tensor(array, requires_grad=True) for array in arrays]
    out, (_, c) = ops.lstm(inputs[0], 0 * ones, ones, *inputs[1:])
    out.backward(np.ones((1, 1, 1), np.float32))
    cell = sigmoid(np.float64(-x)) + sigmoid(np.float64(x)) * math.tanh(0.5)
    assert_right(c, np.full((1, 1), cell))
    assert_right(out.data, np.full((1, 1, 1), sigmoid(np.float64(x)) * math.tanh(cell)))
    through_o = math.tanh(cell) * sigmoid(np.float64(x)) * sigmoid(np.float64(-x))
    through_i = sigmoid(np.float64(x)) / math.cosh(cell) ** 2 * math.tanh(0.5) * sigmoid(x) * sigmoid(-np.float64(x))
    assert_right(inputs[3].grad[[0, 3]], np.array([through_i, through_o]), 3e-6)


# Reductions.


def test_long_sums_do_not_lose_digits(kernels: str):
    """NumPy alone gives 0.10096 for the mean of a million times 0.1 along the first axis."""
    x = Tensor(np.full((10**6, 2), 0.1, np.float32), requires_grad=True)
    exact = float(np.float32(0.1))
    for axis in (0, None, (0, 1), (0,)):
        assert_right(np.asarray(ops.mean(x, axis=axis).data), exact)
        assert_right(np.asarray(ops.sum(x, axis=axis).data), exact * x.size / (2 if axis in (0, (0,)) else 1))
    b = Tensor(np.zeros(2, np.float32), requires_grad=True)  # broadcast: its gradient is such a sum
    (x.detach() + b).backward(x.data)
    assert_right(b.grad, np.full(2, exact * 10**6))
    ops.linear(Tensor(np.ones((10**6, 1), np.float32)), Tensor(np.ones((2, 1), np.float32)), b).backward(x.data)
    assert_right(b.grad, np.full(2, 2 * exact * 10**6), 2e-6)


def test_mean_variance_and_squared_error_of_what_only_just_fits():
    large = np.array([3e38, 3e38, 2e38], np.float32)
    assert_right(np.asarray(ops.mean(Tensor(large)).data), large.astype(np.float64).mean())
    nearly_equal = np.float32(12345.678) + np.array([0, 1, 2, 3], np.float32) * np.float32(2**-10)
    out, grad = value_and_gradient(ops.var, nearly_equal)
    exact = nearly_equal.astype(np.float64)
    assert_right(np.asarray(out), exact.var())
    assert_right(grad, 0.5 * (exact - exact.mean()))
    difference = np.array([2e19, 0, 0, 0], np.float32)  # its square does not fit, the mean of the squares does
    assert_right(np.asarray(ops.mse_loss(Tensor(difference), np.zeros(4, np.float32)).data), 1e38)


NORMS = {
    "usual": ([0.3, -1.2, 0.7, 2.0], 1e-5),
    "huge": ([1e20, -3e20, 2e20, 5e19], 1e-5),
    "the largest": ([3e38, -1e38, 2e38, 3.4e38], 1e-5),
    "tiny": ([1e-30, -2e-30, 5e-30, 3e-30], 0.0),
    "equal": ([12345.678] * 4, 1e-5),
    "nearly equal": ([12345.678, 12345.679, 12345.680, 12345.677], 1e-12),
    "far from 0": ([1e4, 1e4 + 1, 1e4 - 2, 1e4 + 0.5], 1e-5),
}


@pytest.mark.parametrize("width", [4, 700, 9000], ids=["one warp", "several warps", "wide"])
@pytest.mark.parametrize("name", NORMS)
def test_normalisation_of_any_row(name: str, width: int, kernels: str):
    values, eps = NORMS[name]
    rng = np.random.default_rng(0)
    row, usual = (np.float32([*some, *rng.choice(some, width - 4)]) for some in (values, NORMS["usual"][0]))
    x = np.stack([row, usual, row])
    weight, bias = np.resize(np.array([1.5, -0.5, 2.0], np.float32), width), np.resize(np.float32([0.1, -3]), width)
    exact = x.astype(np.float64)
    centred = exact - exact.mean(axis=-1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps) * weight
    # Of 9,000 numbers that differ in their last two bits, a mean in float32 is off by as much as they differ.
    bound = 3e-5 if (name, width, kernels) == ("nearly equal", 9000, "fast") else 1e-6
    found = ops.layer_norm(Tensor(x), Tensor(weight), Tensor(bias), eps).data
    np.testing.assert_allclose(found, expected + bias, rtol=bound, atol=bound)
    expected = exact / np.sqrt((exact**2).mean(axis=-1, keepdims=True) + eps) * weight
    np.testing.assert_allclose(ops.rms_norm(Tensor(x), Tensor(weight), eps).data, expected, rtol=2e-6)


@pytest.mark.parametrize("name", ["huge", "tiny", "equal"])
def test_the_gradients_of_normalisation_of_huge_tiny_and_equal_numbers(name: str, kernels: str):
    values, eps = NORMS[name]
    weight, rng = np.array([1.5, -0.5, 2.0, 0.3], np.float32), np.random.default_rng(0)
    grad = rng.standard_normal((2, 4)).astype(np.float32)
    for op in (ops.layer_norm, ops.rms_norm):
        gradients = []
        for dtype in (np.float32, np.float64):
            x = Tensor(np.array([values, values], np.float32).astype(dtype), requires_grad=True)
            w = Tensor(weight.astype(dtype), requires_grad=True)
            bias = () if op is ops.rms_norm else (Tensor(np.zeros(4, dtype)),)
            op(x, w, *bias, eps).backward(grad.astype(dtype))
            gradients.append((x.grad, w.grad))
        for found, expected in zip(*gradients, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * abs(expected).max())


# Arithmetic at the edges, as NumPy and PyTorch have it.


@pytest.mark.parametrize(
    ("x", "exponent", "value", "gradient"),
    [
        (0.0, 0, 1, 0), (INF, 0, 1, 0), (0.0, 1, 0, 1), (0.0, 2, 0, 0), (-2.0, 3, -8, 12), (-2.0, -2, 0.25, 0.25),
        (-2.0, 2.0, 4, -4), (1e-30, -1, 1e30, None), (1e15, 2, 1e30, 2e15), (0.0, 1.5, 0, 0),
    ],
)  # fmt: skip
def test_power(x: float, exponent: float, value: float, gradient: float | None):
    tensor = Tensor(np.array([x], np.float32), requires_grad=True)
    out = tensor**exponent
    assert_right(out.data, np.array([value]))
    if gradient is not None:
        out.backward(np.ones(1, np.float32))
        assert_right(tensor.grad, np.array([gradient]))


@pytest.mark.parametrize(("a", "b"), [(1e-30, 1e-30), (1e30, 1e30), (1e-20, 1e10), (0.0, 1e-30), (3e38, 1e20)])
def test_the_gradient_of_a_quotient(a: float, b: float):
    x, y = (Tensor(np.array([each], np.float32), requires_grad=True) for each in (a, b))
    (x / y).backward(np.ones(1, np.float32))
    a, b = float(x.data[0]), float(y.data[0])
    assert_right(x.grad, np.array([1 / b]))
    assert_right(y.grad, np.array([-a / b / b]))
