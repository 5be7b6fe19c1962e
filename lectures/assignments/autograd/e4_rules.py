"""Exercise 1.4: the rules of a product, a linear layer, and a choice of rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub

MODULE = "lectures.assignments.autograd.solution.rules"
MUL, LINEAR, GETITEM = f"{MODULE}.mul_rule", f"{MODULE}.linear_rule", f"{MODULE}.getitem_rule"


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Each rule; the linear layer with one and with two leading axes; rows that are named twice."""
    grad, a, b = (generator.standard_normal((2, 3)) for _ in range(3))
    yield Case("product", "a · b", "mul", (grad, a, b), (grad * b, grad * a))
    for leading in [(4,), (2, 3)]:
        x, weight = generator.standard_normal((*leading, 2)), generator.standard_normal((5, 2))
        grad = generator.standard_normal((*leading, 5))
        for name, expected in linear_gradients(grad, x, weight).items():
            shows = f"the gradient of {name}, x of shape {x.shape}"
            yield Case("linear layer", shows, "linear", (grad, x, weight, name), expected)
    rows = generator.permutation(6)[:3]
    for shows, named in [("three rows, each once", rows), ("a row that is named three times", rows[[0, 1, 0, 0]])]:
        grad = generator.standard_normal((len(named), 2))
        expected = np.zeros((6, 2))
        for i, row in enumerate(named):
            expected[row] += grad[i]
        yield Case("rows", shows, "getitem", (grad, (6, 2), named), expected)


def linear_gradients(grad: np.ndarray, x: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    """Number by number: out[..., o] = Σ_i x[..., i] weight[o, i] + bias[o]."""
    found = {"x": np.zeros(x.shape), "weight": np.zeros(weight.shape), "bias": np.zeros(len(weight))}
    for at in np.ndindex(*grad.shape):
        row, o = at[:-1], at[-1]
        found["bias"][o] += grad[at]
        for i in range(x.shape[-1]):
            found["x"][(*row, i)] += grad[at] * weight[o, i]
            found["weight"][o, i] += grad[at] * x[(*row, i)]
    return found


RULES = Exercise(
    number="1.4",
    title="three backward rules",
    points=15,
    minutes=75,
    stubs=(Stub(MUL), Stub(LINEAR), Stub(GETITEM)),
    cases=cases,
    mistakes=(
        Mistake(
            name="own factor",
            old="return grad * b, grad * a",
            new="return grad * a, grad * b",
            symptom="each input of the product is multiplied by itself, as if d(ab)/da were a",
        ),
        Mistake(
            name="incoming gradient dropped",
            old="return grad * b, grad * a",
            new="return b, a",
            symptom="the rule of the product ignores the incoming gradient",
        ),
        Mistake(
            name="weight transposed",
            old="rows.T @ x.reshape(-1, x.shape[-1])  # (O, I)",
            new="(rows.T @ x.reshape(-1, x.shape[-1])).T",
            symptom="the gradient of weight has the shape (I, O), that of its transpose",
            symbol=LINEAR,
        ),
        Mistake(
            name="batch axes of weight not summed",
            old="rows.T @ x.reshape(-1, x.shape[-1])  # (O, I)",
            new="grad.swapaxes(-1, -2) @ x",
            symptom="the gradient of weight keeps the first of two leading axes",
            symbol=LINEAR,
        ),
        Mistake(
            name="bias summed over one axis",
            old="rows.sum(axis=0)",
            new="grad.sum(axis=0)",
            symptom="the gradient of bias is summed over the first axis alone",
            symbol=LINEAR,
        ),
        Mistake(
            name="mean",
            old="rows.sum(axis=0)",
            new="rows.mean(axis=0)",
            symptom="the gradient of bias is the mean over the rows",
            symbol=LINEAR,
        ),
        Mistake(
            name="assigned",
            old="np.add.at(grad_x, rows, grad)",
            new="grad_x[rows] = grad",
            symptom="a row that is named several times gets the gradient of the last one alone",
            symbol=GETITEM,
        ),
        Mistake(
            name="added with an index",
            old="np.add.at(grad_x, rows, grad)",
            new="grad_x[rows[::-1]] = grad[::-1]",
            symptom="a row that is named several times gets the gradient of the first one alone",
            symbol=GETITEM,
        ),
    ),
    page="machine/2-gradients.md",
)
