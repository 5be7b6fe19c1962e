"""Hard inputs against PyTorch: numbers far from 1, infinities and NaN; values and gradients, on every set of kernels.

Ours are float32, PyTorch's float64, since in float32 it loses small numbers itself: its gelu(-10) is 0. Where its
float64 cancels, too, atol covers it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, ops

torch = pytest.importorskip("torch")
F = torch.nn.functional

INF, NAN = np.inf, np.nan
POSITIVE = [0.0, 1e-30, 1e-4, 0.7, 1.0, 5.0, 20.0, 50.0, 80.0, 1e4, INF]
GRID = np.array([*POSITIVE, *(-x for x in POSITIVE), NAN], np.float32)


def assert_agree(ours: Callable[[Tensor], Tensor], theirs: Callable[[Any], Any], x: np.ndarray, rtol: float) -> None:
    tensor, their_tensor = Tensor(x, requires_grad=True), torch.tensor(x.astype(np.float64), requires_grad=True)
    out, their_out = ours(tensor), theirs(their_tensor)
    gradient = np.linspace(1, 2, out.size, dtype=np.float32).reshape(out.shape)
    out.backward(gradient)
    their_out.backward(torch.tensor(gradient.astype(np.float64)))
    np.testing.assert_allclose(out.data, their_out.detach().numpy(), rtol=rtol, atol=1e-15)
    np.testing.assert_allclose(tensor.grad, their_tensor.grad.numpy(), rtol=rtol, atol=1e-15)


ELEMENTWISE = {
    "sigmoid": (ops.sigmoid, torch.sigmoid),
    "log_sigmoid": (ops.log_sigmoid, F.logsigmoid),
    "silu": (ops.silu, F.silu),
    "tanh": (ops.tanh, torch.tanh),
    "gelu": (ops.gelu, F.gelu),
    "gelu_tanh": (ops.gelu_tanh, lambda x: F.gelu(x, approximate="tanh")),
    "square": (lambda x: x**2, lambda x: x**2),
    "cube": (lambda x: x**3, lambda x: x**3),
    "power 0": (lambda x: x**0, lambda x: x**0),
    "power 1": (lambda x: x**1, lambda x: x**1),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_functions_of_one_number(name: str, kernels: str):
    rtol = 5e-6 if name.startswith("gelu") and kernels != "reference" else 1e-6
    x = GRID[abs(GRID) != 1e-30] if name == "cube" else GRID  # whose cube is too small
    assert_agree(*ELEMENTWISE[name], x, rtol)


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_binary_cross_entropy(target: float):
    finite = GRID[np.isfinite(GRID)]
    assert_agree(
        lambda x: ops.binary_cross_entropy_with_logits(x, np.full(x.shape, np.float32(target))),
        lambda x: F.binary_cross_entropy_with_logits(x, torch.full_like(x, float(np.float32(target)))),
        finite,
        1e-6,
    )


ROWS = [
    [0.0, -20.0, 3.0], [-INF, 0.0, 1.0], [-INF, -INF, -INF], [INF, 0.0, 1.0], [INF, INF, 0.0], [INF, -INF, 0.0],
    [NAN, 0.0, 1.0], [80.0, 0.0, -80.0], [1e4, -1e4, 0.0], [-1e30, 1e30, 0.0],
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("axis", [-1, 0])
def test_softmax_and_its_logarithms(row: list[float], axis: int):
    x = np.moveaxis(np.array([row, [1.0, 2.0, 3.0]], np.float32), -1, axis)
    assert_agree(lambda x: ops.logsumexp(x, axis), lambda x: torch.logsumexp(x, axis), x, 1e-6)
    assert_agree(lambda x: ops.softmax(x, axis), lambda x: F.softmax(x, axis), x, 2e-6)
    assert_agree(lambda x: ops.log_softmax(x, axis), lambda x: F.log_softmax(x, axis), x, 1e-6)


def test_logsumexp_over_two_axes():
    x = np.array([[ROWS[0], ROWS[1]], [ROWS[2], ROWS[2]], [ROWS[3], ROWS[0]]], np.float32)
    assert_agree(lambda x: ops.logsumexp(x, (1, 2)), lambda x: torch.logsumexp(x, (1, 2)), x, 1e-6)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("label", [0, 2])
def test_cross_entropy(row: list[float], label: int, kernels: str):
    labels = np.array([label, 1])
    x = np.array([row, [1.0, 2.0, 3.0]], np.float32)
    assert_agree(lambda x: ops.cross_entropy(x, labels), lambda x: F.cross_entropy(x, torch.tensor(labels)), x, 2e-6)
