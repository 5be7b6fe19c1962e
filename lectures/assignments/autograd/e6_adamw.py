"""Exercise 1.6: AdamW."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub, Variant

CLASS = "lectures.assignments.autograd.solution.adamw.AdamW"
STEP, DECAYS = f"{CLASS}.step", f"{CLASS}.decays"
BETAS, EPS, DECAY, LR = (0.9, 0.99), 1e-3, 0.1, 0.05


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """One step and four, of a matrix and of a vector; small gradients, for which eps matters."""
    start = {"weight": generator.standard_normal((2, 3)), "gain": generator.standard_normal(3)}
    for group, shows, n_steps, size in [
        ("one step", "one step", 1, 1.0),
        ("several steps", "four steps with other gradients each", 4, 1.0),
        ("small gradients", "two steps with gradients near eps", 2, 1e-3),
    ]:
        gradients = [
            {name: size * generator.standard_normal(array.shape) for name, array in start.items()}
            for _ in range(n_steps)
        ]
        for name in start:
            arguments = (start, gradients, LR, BETAS, EPS, DECAY, name)
            yield Case(group, f"{name} after {shows}", "adamw", arguments, trained(start, gradients, name, variant))
    yield Case("in place", "the arrays that the model holds", "adamw_in_place", (start, start, LR), "changed in place")


def trained(
    start: dict[str, np.ndarray], gradients: list[dict[str, np.ndarray]], name: str, variant: str
) -> np.ndarray:
    """Number by number, from sums: m in step t is (1 - β₁) Σ β₁^(t-i) g_i."""
    theta = start[name].copy()
    for at in np.ndindex(*theta.shape):
        numbers = [float(one[name][at]) for one in gradients]
        for t in range(1, len(numbers) + 1):
            sums = []
            for beta, power in zip(BETAS, (1, 2), strict=True):
                weights = [(1 - beta) * beta ** (t - i) for i in range(1, t + 1)]
                total = sum(weight * g**power for weight, g in zip(weights, numbers, strict=False))
                sums.append(total / sum(weights))  # the weights add up to 1 - βᵗ
            decay = DECAY if theta.ndim == 2 or variant == "all" else 0.0
            theta[at] = theta[at] - LR * decay * theta[at] - LR * sums[0] / (sums[1] ** 0.5 + EPS)
    return theta


_STEP = """            g, m, v = gradients[name], self.m[name], self.v[name]
            m[...] = beta1 * m + (1 - beta1) * g
            v[...] = beta2 * v + (1 - beta2) * g**2
            m_hat, v_hat = m / (1 - beta1**self.t), v / (1 - beta2**self.t)
            if self.decays(name):
                theta -= self.lr * self.weight_decay * theta
"""
_WITH_DECAY_IN_GRADIENT = """            g, m, v = gradients[name], self.m[name], self.v[name]
            if self.decays(name):
                g = g + self.weight_decay * theta
            m[...] = beta1 * m + (1 - beta1) * g
            v[...] = beta2 * v + (1 - beta2) * g**2
            m_hat, v_hat = m / (1 - beta1**self.t), v / (1 - beta2**self.t)
"""

ADAMW = Exercise(
    number="1.6",
    title="AdamW",
    points=10,
    minutes=60,
    stubs=(Stub(STEP), Stub(DECAYS)),
    cases=cases,
    variants=(
        Variant("matrices", "Weight decay applies to matrices, and not to the vectors of biases and normalisations."),
        Variant(
            "all",
            "Weight decay applies to every parameter, the vectors of biases and normalisations too.",
            edits=(
                (DECAYS, "to matrices, and not to the vectors of biases and normalisations", "to every parameter"),
                (DECAYS, "return self.parameters[name].ndim >= 2", "return name in self.parameters"),
            ),
        ),
    ),
    mistakes=(
        Mistake(
            name="no correction",
            old="m_hat, v_hat = m / (1 - beta1**self.t), v / (1 - beta2**self.t)",
            new="m_hat, v_hat = m, v",
            symptom="m and v are not corrected for their start at zero",
        ),
        Mistake(
            name="t from 0",
            old="self.t += 1\n        beta1, beta2 = self.betas",
            new="beta1, beta2 = self.betas",
            symptom="t is 0 in the first step, so the correction divides by zero",
        ),
        Mistake(
            name="decay in the gradient",
            old=_STEP,
            new=_WITH_DECAY_IN_GRADIENT,
            symptom="weight decay is added to the gradient, and so it is scaled by Adam",
        ),
        Mistake(
            name="eps inside the root",
            old="(np.sqrt(v_hat) + self.eps)",
            new="np.sqrt(v_hat + self.eps)",
            symptom="eps is added under the root",
        ),
        Mistake(
            name="everything decays",
            old="return self.parameters[name].ndim >= 2",
            new="return True",
            symptom="the vectors of normalisations decay too",
            symbol=DECAYS,
        ),
        Mistake(
            name="nothing decays",
            old="return self.parameters[name].ndim >= 2",
            new="return False",
            symptom="weight decay has no effect on the matrix",
            symbol=DECAYS,
        ),
        Mistake(
            name="second moment without the square",
            old="(1 - beta2) * g**2",
            new="(1 - beta2) * g",
            symptom="v is the average of the gradients, not of their squares",
        ),
        Mistake(
            name="not in place",
            old="theta -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)",
            new="self.parameters = {**self.parameters, name: theta - self.lr * m_hat / (np.sqrt(v_hat) + self.eps)}",
            symptom="the step makes new arrays, and the model keeps the old ones",
        ),
    ),
    page="machine/5-where-a-step-goes.md",
    walk="the stepper `adam`",
)
