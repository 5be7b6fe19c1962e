"""AdamW, the optimizer of Transformers. Exercise 1.6. Source: Loshchilov and Hutter 2019, algorithm 2.

The library's version is `minigrad/optim/adam.py`, whose arithmetic is one kernel.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


class AdamW:
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← θ - lr · weight_decay · θ - lr · m̂ / (√v̂ + ε).

    m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ) in step t, which counts from 1.

    Attributes:
        parameters: arrays by name.
        m, v: the two averages of each parameter, zeros at first.
        t: the number of steps so far.
    """

    def __init__(
        self, parameters: Mapping[str, np.ndarray], lr: float, betas: tuple[float, float], eps: float,
        weight_decay: float,
    ) -> None:  # fmt: skip
        self.parameters = parameters
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.m = {name: np.zeros_like(array) for name, array in parameters.items()}
        self.v = {name: np.zeros_like(array) for name, array in parameters.items()}
        self.t = 0

    def decays(self, name: str) -> bool:
        """Whether weight decay applies: to matrices, and not to the vectors of biases and normalisations."""
        return self.parameters[name].ndim >= 2

    def step(self, gradients: Mapping[str, np.ndarray]) -> None:
        """One step, which changes the arrays of the parameters in place."""
        self.t += 1
        beta1, beta2 = self.betas
        for name, theta in self.parameters.items():
            g, m, v = gradients[name], self.m[name], self.v[name]
            m[...] = beta1 * m + (1 - beta1) * g
            v[...] = beta2 * v + (1 - beta2) * g**2
            m_hat, v_hat = m / (1 - beta1**self.t), v / (1 - beta2**self.t)
            if self.decays(name):
                theta -= self.lr * self.weight_decay * theta
            theta -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
