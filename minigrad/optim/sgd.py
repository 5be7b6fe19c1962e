"""Stochastic gradient descent, with momentum."""

from collections.abc import Iterable
from typing import Any

from minigrad.array_type import Array
from minigrad.optim.optimizer import Optimizer


class SGD(Optimizer):
    """v ← momentum · v + g;  θ ← θ - lr · v, with g the gradient plus weight_decay · θ.

    Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
    learning", in PyTorch's form, whose velocity starts as the first gradient.
    """

    slots = ("velocity",)

    def __init__(self, params: Iterable[Any], lr: float, momentum: float = 0.0, weight_decay: float = 0.0) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must lie in [0, 1), got {momentum}")
        super().__init__(params, lr, weight_decay)
        self.momentum = momentum

    def update(self, data: Array, grad: Array, state: dict[str, Array], weight_decay: float) -> None:
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += grad
        if weight_decay:
            velocity += weight_decay * data
        data -= self.lr * velocity
