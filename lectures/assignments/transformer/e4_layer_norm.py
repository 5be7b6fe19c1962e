"""Exercise 3.4: layer normalisation in Numba."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub

MODULE = "lectures.assignments.transformer.solution.layer_norm"
FORWARD, BACKWARD, PARAMETERS = (f"{MODULE}.{name}" for name in ("forward", "backward", "parameter_gradients"))
EPS = 0.1  # large, so that it shows where it is added


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Ordinary rows, rows far from zero, equal numbers; each gradient; the same bits with one and with two threads."""
    weight, bias = (generator.standard_normal(6).astype(np.float32) for _ in range(2))
    x = (2 * generator.standard_normal((4, 6)) + 1).astype(np.float32)
    equal = np.full((2, 6), 3.0, dtype=np.float32)
    far = (generator.standard_normal((3, 6)) / 4 + 10_000).astype(np.float32)
    for group, shows, rows in [
        ("forward", "four rows of six numbers", x),
        ("forward", "rows of equal numbers", equal),
        ("far from zero", "rows with the mean 10,000", far),
    ]:
        expected = normalised(rows) * weight + bias
        yield Case(group, shows, "layer_norm", (rows, weight, bias, EPS), expected.astype(np.float32), tolerance=1e-4)
    grad = generator.standard_normal(x.shape).astype(np.float32)
    expected = input_gradient(grad, x, weight).astype(np.float32)
    yield Case("dx", "the gradient of x", "layer_norm_dx", (grad, x, weight, EPS), expected, tolerance=1e-4)
    gradients = {"weight": (grad * normalised(x)).sum(axis=0), "bias": grad.sum(axis=0, dtype=np.float64)}
    yield Case(
        "parameters",
        "the gradients of weight and bias",
        "layer_norm_parameters",
        (grad, x, EPS),
        gradients,
        tolerance=1e-4,
    )
    many = generator.standard_normal((20_000, 2)).astype(np.float32)
    yield Case(
        "threads", "the gradients of the parameters with one and with two threads, 20,000 rows", "layer_norm_threads",
        (many, EPS), "the same bits", seconds=20,
    )  # fmt: skip


def normalised(x: np.ndarray) -> np.ndarray:
    """(x - mean) / √(variance + eps), in float64."""
    exact = x.astype(np.float64)
    rows = [[(value - row.mean()) / np.sqrt(row.var() + EPS) for value in row] for row in exact]
    return np.array(rows)


def input_gradient(grad: np.ndarray, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The gradient by central differences: the loss is Σ grad · out."""
    exact = x.astype(np.float64)
    gradient = np.zeros(x.shape)
    for at in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[at] = 1e-5
        difference = (normalised(exact + step) - normalised(exact - step)) * weight
        gradient[at] = (grad * difference).sum() / 2e-5
    return gradient


LAYER_NORM = Exercise(
    number="3.4",
    title="layer normalisation in Numba",
    points=20,
    minutes=120,
    stubs=(Stub(FORWARD), Stub(BACKWARD), Stub(PARAMETERS)),
    cases=cases,
    mistakes=(
        Mistake(
            name="n - 1",
            old="squares / width + eps",
            new="squares / (width - 1) + eps",
            symptom="the variance is divided by D - 1",
        ),
        Mistake(
            name="eps outside",
            old="1 / np.sqrt(squares / width + eps)",
            new="1 / (np.sqrt(squares / width) + eps)",
            symptom="eps is added to the standard deviation, not to the variance",
        ),
        Mistake(
            name="mean of squares minus square of the mean",
            old="squares += (x[row, i] - mean[row]) ** 2",
            new="squares += np.float64(np.float32(x[row, i] ** 2 - np.float32(mean[row] ** 2)))",
            symptom="the variance is the mean of x² minus the mean squared, which leaves nothing at a mean of 10,000",
        ),
        Mistake(
            name="mean of all rows",
            old="mean[row] = total / width",
            new="mean[row] = x.mean()",
            symptom="the mean is that of the whole batch, not of the row",
        ),
        Mistake(
            name="mean of dn",
            old="- mean_dn - normalised * mean_dn_n",
            new="- normalised * mean_dn_n",
            symptom="dx has a part along the ones: shifting a row seems to change the output",
            symbol=BACKWARD,
        ),
        Mistake(
            name="mean of dn n",
            old="- mean_dn - normalised * mean_dn_n",
            new="- mean_dn",
            symptom="dx has a part along n: stretching a row seems to change the output",
            symbol=BACKWARD,
        ),
        Mistake(
            name="rstd forgotten",
            old="rstd[row] * (grad[row, i] * weight[i] - mean_dn - normalised * mean_dn_n)",
            new="grad[row, i] * weight[i] - mean_dn - normalised * mean_dn_n",
            symptom="the factor rstd is missing in dx",
            symbol=BACKWARD,
        ),
        Mistake(
            name="x for the normalised row",
            old="grad[row, i] * (x[row, i] - mean[row]) * rstd[row]",
            new="grad[row, i] * x[row, i]",
            symptom="the gradient of weight is multiplied with x, not with the normalised row",
            symbol=PARAMETERS,
        ),
        Mistake(
            name="shared sum",
            old="for i in prange(width):\n        for row in range(n_rows):",
            new="for row in prange(n_rows):\n        for i in range(width):",
            symptom="several threads add to the same number at once: the result differs from run to run",
            symbol=PARAMETERS,
        ),
    ),
    page="machine/3-kernels.md",
    jit=True,
)
