"""How the grader calls your code. Change it only if your design differs from that of the handout."""

from __future__ import annotations

import numpy as np
import softplus

from minigrad import Tensor, ops


def softplus_forward(x: np.ndarray) -> np.ndarray:
    """softplus of an array."""
    return softplus.softplus(Tensor(x)).data


def softplus_gradient(x: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """The gradient with respect to x of sum(grad · softplus(x))."""
    leaf = Tensor(x, requires_grad=True)
    ops.sum(ops.mul(softplus.softplus(leaf), Tensor(grad))).backward()
    assert isinstance(leaf.grad, np.ndarray), "x has no gradient: did softplus hand its rule to `record`?"
    return leaf.grad
