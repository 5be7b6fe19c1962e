"""Stochastic gradient descent, with momentum."""

from collections.abc import Iterable
from typing import Any

from minigrad import checks
from minigrad.array_type import Array
from minigrad.optim.optimizer import Optimizer


class SGD(Optimizer):
    """v ← momentum · v + g;  θ ← θ - lr · v, with g the gradient plus weight_decay · θ.

    Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
    learning", in PyTorch's form, whose velocity starts as the first gradient.
    """

    slots = ("velocity",)

    def __init__(self, params: Iterable[Any], lr: float, momentum: float = 0.0, weight_decay: float = 0.0) -> None:
        self.momentum = momentum
        super().__init__(params, lr, weight_decay)

    def check_hyperparameters(self) -> None:
        super().check_hyperparameters()
        self.momentum = checks.number("momentum", self.momentum, at_least=0, below=1)

    def update(self, data: Array, grad: Array, state: dict[str, Array], lr: float, weight_decay: float) -> None:
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += grad
        if weight_decay:
            velocity += weight_decay * data
        data -= lr * velocity  # momentum 0 makes the velocity the gradient itself
