"""Where an infinite gradient goes, against PyTorch: `tests/minigrad/test_selection.py` holds its numbers literally."""

import numpy as np
import pytest

from minigrad import Tensor, ops
from tests.minigrad.test_selection import CASES

torch = pytest.importorskip("torch")

PEERS = {
    "relu": lambda x: x.relu(),
    "maximum": lambda x: torch.maximum(x, torch.zeros(3)),
    "maximum, on the right": lambda x: torch.maximum(torch.zeros(3), x),
    "minimum": lambda x: torch.minimum(x, torch.zeros(3)),
    "clip": lambda x: x.clip(-1, 1),
    "clip on one side": lambda x: x.clip(min=0),
    "where": lambda x: torch.where(torch.tensor([True, False]), x, torch.zeros(2)),
    "where, the other": lambda x: torch.where(torch.tensor([True, False]), torch.zeros(2), x),
    "max": lambda x: x.max(),
    "the power of 0": lambda x: x**0,
    "a slice": lambda x: x[1:],
    "an index": lambda x: x[torch.tensor([2, 2])],
    "a mask": lambda x: x[torch.tensor([True, False, True])],
}
"""Not abs (PyTorch multiplies by its sign, so 0 · ∞ = NaN at 0), nor amax (NaN at what is no maximum)."""


def gradient(values, call) -> np.ndarray:
    x = torch.tensor(values, dtype=torch.float32, requires_grad=True)
    out = call(x)
    out.backward(torch.full_like(out, torch.inf))
    return x.grad.numpy()


@pytest.mark.parametrize("name", PEERS)
def test_an_infinite_gradient_goes_where_pytorchs_goes(name: str):
    values, _, expected = CASES[name]
    np.testing.assert_array_equal(gradient(values, PEERS[name]), expected)


def test_every_case_has_a_peer_but_those_in_which_pytorch_multiplies():
    assert CASES.keys() - PEERS.keys() == {"abs", "max over an axis"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ops.relu, lambda x: x.relu()),
        (lambda x: ops.maximum(x, 0.0), lambda x: x.maximum(torch.zeros(2))),
        (ops.max, lambda x: x.max()),
    ],
)
def test_nan_receives_the_gradient_that_it_receives_in_pytorch(ours, theirs):
    x, y = Tensor([np.nan, -1.0], requires_grad=True), torch.tensor([np.nan, -1.0], requires_grad=True)
    ours(x).sum().backward()
    theirs(y).sum().backward()
    np.testing.assert_array_equal(x.grad, y.grad.numpy())
