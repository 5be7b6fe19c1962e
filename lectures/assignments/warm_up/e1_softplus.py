"""Exercise 0.1: softplus with its backward rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Values and gradients of ordinary numbers, of large ones, and of arrays with several axes."""
    x = generator.standard_normal(4)
    for numbers, shows in [(x, "four numbers"), (x.reshape(2, 2), "an array of shape (2, 2)")]:
        yield Case("values", shows, "softplus_forward", (numbers,), np.logaddexp(0, numbers))
    huge = np.array([1000.0, -1000.0, 0.0])
    yield Case("large numbers", "x = 1,000, -1,000 and 0", "softplus_forward", (huge,), np.logaddexp(0, huge))
    grad = generator.standard_normal(4)
    yield Case("gradients", "the gradient of sum(softplus(x))", "softplus_gradient", (x, np.ones(4)), sigmoid(x))
    yield Case("gradients", "the gradient of sum(w · softplus(x))", "softplus_gradient", (x, grad), grad * sigmoid(x))
    yield Case(
        "large numbers", "the gradient at 1,000, -1,000 and 0", "softplus_gradient", (huge, np.ones(3)), sigmoid(huge)
    )


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), by way of tanh, which does not overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


_FORWARD = "out = np.maximum(x_data, 0) + np.log1p(np.exp(-np.abs(x_data)))"
_RULE = "(grad * np.where(x_data >= 0, 1, small) / (1 + small),)"

SOFTPLUS = Exercise(
    number="0.1",
    title="softplus",
    points=10,
    minutes=5,
    stubs=(Stub("lectures.assignments.warm_up.solution.softplus.softplus"),),
    cases=cases,
    mistakes=(
        Mistake(
            name="overflows",
            old=_FORWARD,
            new="out = np.log(1 + np.exp(x_data))",
            symptom="exp(x) is computed for x = 1,000, which overflows",
        ),
        Mistake(
            name="relu",
            old=_FORWARD,
            new="out = np.maximum(x_data, 0)",
            symptom="the output is max(x, 0): the curve near zero is missing",
        ),
        Mistake(
            name="grad dropped",
            old=_RULE,
            new="(np.where(x_data >= 0, 1, small) / (1 + small),)",
            symptom="the rule ignores the incoming gradient",
        ),
        Mistake(
            name="grad alone",
            old=_RULE,
            new="(grad,)",
            symptom="the rule passes the incoming gradient on: the derivative of softplus is missing",
        ),
        Mistake(
            name="its own output",
            old=_RULE,
            new="(grad * np.logaddexp(0, x_data),)",
            symptom="the rule multiplies by softplus(x) instead of its derivative",
        ),
        Mistake(
            name="sigmoid of -x",
            old=_RULE,
            new="(grad * np.where(x_data >= 0, small, 1) / (1 + small),)",
            symptom="the sign in the rule is wrong: the slope falls as x grows",
        ),
    ),
    page="machine/1-tape.md",
    walk="lectures/walks/backward.md",
)
