"""Adam, and AdamW, which applies weight decay to the parameters instead of the gradient.

Sources: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1; Loshchilov
and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
"""

from collections.abc import Iterable
from typing import Any

from minigrad import checks
from minigrad.array_type import Array
from minigrad.kernels.adam import AdamHyperparameters, adam_step
from minigrad.optim.optimizer import Optimizer


class Adam(Optimizer):
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← θ - lr · m̂ / (√v̂ + ε).

    m̂ and v̂ are m and v divided by 1 - βᵗ in step t, which corrects that both start at zero. Weight decay, if any,
    is added to the gradient (L2 regularisation).
    """

    slots = ("exp_avg", "exp_avg_sq")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.betas, self.eps = betas, eps
        super().__init__(params, lr, weight_decay)

    def check_hyperparameters(self) -> None:
        super().check_hyperparameters()
        beta1, beta2 = checks.pair("betas", self.betas)
        self.betas = (
            checks.number("betas[0]", beta1, at_least=0, below=1),
            checks.number("betas[1]", beta2, at_least=0, below=1),
        )
        self.eps = checks.number("eps", self.eps, at_least=0)

    def update(self, data: Array, grad: Array, state: dict[str, Array], lr: float, weight_decay: float) -> None:
        if weight_decay:
            grad = grad.copy()  # grad + … would turn an array without axes into a scalar
            grad += weight_decay * data
        self.adam_step(data, grad, state, lr, decay=1.0)

    def adam_step(self, data: Array, grad: Array, state: dict[str, Array], lr: float, decay: float) -> None:
        """One step of one parameter, which is multiplied by `decay` before."""
        hyperparameters = AdamHyperparameters(lr, *self.betas, self.eps, int(state["step"][0]), decay)
        adam_step(data, grad, state["exp_avg"], state["exp_avg_sq"], hyperparameters)


class AdamW(Adam):
    """Adam with decoupled weight decay: θ ← θ - lr · weight_decay · θ before the step.

    Every parameter then decays at the same rate, however large its gradients are.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def update(self, data: Array, grad: Array, state: dict[str, Array], lr: float, weight_decay: float) -> None:
        self.adam_step(data, grad, state, lr, decay=1 - lr * weight_decay)
