"""Exercise 1.1: the gradient of a value that was broadcast."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """New axes in front, repeated axes of length 1, both, and none."""
    n = int(generator.integers(3, 6))
    for group, shape, out in [
        ("new axes", (3,), (2, 3)),
        ("new axes", (), (2, n)),
        ("repeated axes", (2, 1), (2, n)),
        ("repeated axes", (1, 3, 1), (n, 3, 2)),
        ("both", (1, 3), (4, n, 3)),
        ("both", (2, 1, 4), (5, 2, n, 4)),
        ("both", (1,), (1,)),
        ("both", (2, 3), (2, 3)),
    ]:
        gradient = generator.standard_normal(out)
        shows = f"the gradient of a value of shape {shape}, which was broadcast to {out}"
        yield Case(group, shows, "unbroadcast", (gradient, shape), summed(gradient, shape))


def summed(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Each number of the gradient is added where its copy came from."""
    total = np.zeros(shape)
    added = gradient.ndim - len(shape)
    for at in np.ndindex(*gradient.shape):
        source = tuple(0 if n == 1 else i for i, n in zip(at[added:], shape, strict=True))
        total[source] += gradient[at]
    return total


UNBROADCAST = Exercise(
    number="1.1",
    title="undo broadcasting",
    points=15,
    minutes=60,
    stubs=(Stub("minigrad.gradients.unbroadcast"),),
    cases=cases,
    mistakes=(
        Mistake(
            name="keeps added axes",
            old="(*range(added), *repeated)",
            new="tuple(repeated)",
            symptom="an axis that broadcasting put in front is not summed",
        ),
        Mistake(
            name="keeps repeated axes",
            old="(*range(added), *repeated)",
            new="tuple(range(added))",
            symptom="an axis of length 1 that was repeated is not summed",
        ),
        Mistake(
            name="axes from the left",
            old="[axis + added for axis, n in enumerate(shape) if n == 1 and gradient.shape[axis + added] != 1]",
            new="[axis for axis, n in enumerate(shape) if n == 1 and gradient.shape[axis] != 1]",
            symptom="axes are matched from the left, although broadcasting matches them from the right",
        ),
        Mistake(
            name="mean",
            old="added_up(gradient, (*range(added), *repeated))",
            new="gradient.mean(axis=(*range(added), *repeated))",
            symptom="the gradients of the copies are averaged",
        ),
        Mistake(
            name="one copy",
            old="added_up(gradient, (*range(added), *repeated))",
            new="gradient[tuple(0 if i in (*range(added), *repeated) else slice(None) for i in range(gradient.ndim))]",
            symptom="the gradient of one copy is kept and the others are dropped",
        ),
    ),
    page="machine/2-gradients.md",
)
