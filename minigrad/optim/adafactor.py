"""Adafactor, the optimizer of T5: Adam with far less memory, and steps relative to the size of the weights.

Adam keeps an average of the squared gradient for every parameter. For a matrix, Adafactor keeps only the means of its
rows and columns, and approximates the averages by their outer product. Momentum is off by default.

Source: Shazeer and Stern 2018, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", algorithms 4 to 6;
options and details as in transformers' `Adafactor`.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad import checks
from minigrad.array_type import Array
from minigrad.optim.optimizer import Optimizer


class Adafactor(Optimizer):
    """θ ← θ - α · û, with û = g / √v̂ scaled down to a root mean square (RMS) of at most `clip_threshold`.

    Args:
        params: as for every `Optimizer`.
        lr: the learning rate α, required if and only if `relative_step` is False.
        eps: ε₁, added to squared gradients, and ε₂, the smallest RMS of a parameter that its step is scaled by.
        clip_threshold: d, the largest RMS of û.
        decay_rate: β₂ is 1 - t ** decay_rate in step t, so the averages of squared gradients decay ever more slowly.
        beta1: the decay of a running average of the updates (momentum); None turns it off.
        weight_decay: θ ← θ - weight_decay · α · θ before the step.
        scale_parameter: whether to multiply α by the RMS of the parameter.
        relative_step: whether α is min(0.01, 1 / √t) instead of lr.
        warmup_init: whether that is min(1e-6 · t, 1 / √t), which rises for the first 10,000 steps.

    Raises:
        ValueError: if lr is given with relative_step, or missing without it; if warmup_init is set without
            relative_step; if a hyperparameter is NaN, infinite or out of its range.
        TypeError: if a hyperparameter has the wrong type.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | None = None,
        eps: tuple[float, float] = (1e-30, 1e-3),
        clip_threshold: float = 1.0,
        decay_rate: float = -0.8,
        beta1: float | None = None,
        weight_decay: float = 0.0,
        scale_parameter: bool = True,
        relative_step: bool = True,
        warmup_init: bool = False,
    ) -> None:
        self.eps, self.clip_threshold, self.decay_rate, self.beta1 = eps, clip_threshold, decay_rate, beta1
        self._has_average = beta1 is not None
        self.scale_parameter = checks.boolean("scale_parameter", scale_parameter)
        self.relative_step = checks.boolean("relative_step", relative_step)
        self.warmup_init = checks.boolean("warmup_init", warmup_init)
        super().__init__(params, lr, weight_decay)

    def check_lr(self) -> None:
        if self.relative_step and self.lr is not None:
            raise ValueError(f"lr must be None with relative_step=True, which sets the step's size; got {self.lr}")
        if not self.relative_step and self.lr is None:
            raise ValueError("lr must be given with relative_step=False")
        if not self.relative_step:
            super().check_lr()

    def check_hyperparameters(self) -> None:
        super().check_hyperparameters()
        if self.warmup_init and not self.relative_step:
            raise ValueError("warmup_init=True needs relative_step=True, whose steps it changes")
        if (self.beta1 is not None) != self._has_average:
            raise ValueError("beta1 decides which arrays are kept, so it cannot be turned on or off later")
        eps1, eps2 = checks.pair("eps", self.eps)
        self.eps = checks.number("eps[0]", eps1, above=0), checks.number("eps[1]", eps2, at_least=0)
        self.clip_threshold = checks.number("clip_threshold", self.clip_threshold, above=0)
        self.decay_rate = checks.number("decay_rate", self.decay_rate, at_most=0)
        if self.beta1 is not None:
            self.beta1 = checks.number("beta1", self.beta1, at_least=0, below=1)

    def new_state(self, data: Array) -> dict[str, Array]:
        """For a matrix (or each in a stack of matrices) the means of rows and columns, for a vector every element."""
        shape = data.shape
        shapes = {"exp_avg_sq": shape}
        if len(shape) >= 2:
            shapes = {"exp_avg_sq_row": shape[:-1], "exp_avg_sq_col": (*shape[:-2], shape[-1])}
        if self.beta1 is not None:
            shapes["exp_avg"] = shape
        return {name: np.zeros_like(data, shape=shape) for name, shape in shapes.items()}

    def update(self, data: Array, grad: Array, state: dict[str, Array], lr: Any, weight_decay: float) -> None:
        t = int(state["step"][0])
        # α_t = max(ε₂, RMS(θ)) · ρ_t
        if self.relative_step:
            lr = self._relative_step(t)
        if self.scale_parameter:
            lr = lr * np.maximum(_rms(data), self.eps[1])

        # û_t = u_t / max(1, RMS(u_t) / d) with u_t = g_t / √v̂_t
        update = grad / self._root_of_average(grad, state, beta2=1 - t**self.decay_rate)
        update *= lr / np.maximum(_rms(update) / self.clip_threshold, 1)

        if self.beta1 is not None:  # m_t = β₁ m_{t-1} + (1 - β₁) α_t û_t
            average = state["exp_avg"]
            average *= self.beta1
            average += (1 - self.beta1) * update
            update = average
        if weight_decay:
            data -= weight_decay * lr * data
        data -= update  # θ_t = θ_{t-1} - α_t û_t

    def _relative_step(self, t: int) -> float:
        """ρ_t"""
        return min(1e-6 * t if self.warmup_init else 1e-2, t**-0.5)

    def _root_of_average(self, grad: Array, state: dict[str, Array], beta2: float) -> Array:
        """√v̂_t, with the shape of the gradient."""
        squares = np.square(grad) + self.eps[0]  # g_t² + ε₁
        if grad.ndim < 2:
            return np.sqrt(_follow(state["exp_avg_sq"], squares, beta2))
        row = _follow(state["exp_avg_sq_row"], squares.mean(axis=-1), beta2)  # R_t: (N, M) → (N,)
        column = _follow(state["exp_avg_sq_col"], squares.mean(axis=-2), beta2)  # C_t: (N, M) → (M,)
        # v̂_t = R_t C_t / mean(R_t) has the row and column means R_t and C_t. Take the roots before the product: the
        # product of two small numbers may underflow to zero.
        relative = row / row.mean(axis=-1, keepdims=True)
        return np.sqrt(relative)[..., :, None] * np.sqrt(column)[..., None, :]  # (N, 1) · (1, M) → (N, M)


def _follow(average: Array, new: Array, beta2: float) -> Array:
    """average ← β₂ · average + (1 - β₂) · new, in place."""
    average *= beta2
    average += (1 - beta2) * new
    return average


def _rms(array: Array) -> Array:
    """The root mean square as an array without axes: it stays on its device, so the CPU does not wait for a GPU."""
    return np.sqrt(np.square(array).mean())
