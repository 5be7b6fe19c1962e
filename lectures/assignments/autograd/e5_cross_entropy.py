"""Exercise 1.5: softmax cross-entropy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub

IGNORE = -100


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Loss and gradient of ordinary logits, of ignored rows, of huge logits; and of twice the loss."""
    n = int(generator.integers(4, 7))
    logits, labels = generator.standard_normal((n, 5)), generator.integers(0, 5, n)
    some = labels.copy()
    some[[0, 2]] = IGNORE
    huge = 1000 * logits
    for group, shows, x, y in [
        ("loss", f"{n} rows with five classes", logits, labels),
        ("ignored rows", "two rows are ignored", logits, some),
        ("ignored rows", "every row is ignored", logits, np.full(n, IGNORE)),
        ("huge logits", "logits of about 1,000", huge, labels),
    ]:
        yield Case(group, f"the loss: {shows}", "loss", (x, y), loss(x, y))
        yield Case(group, f"the gradient: {shows}", "loss_gradient", (x, y, 1.0), gradient(x, y))
    twice = 2 * gradient(logits, labels)
    yield Case("loss", "the gradient of twice the loss", "loss_gradient", (logits, labels, 2.0), twice)


def log_softmax(row: np.ndarray) -> np.ndarray:
    """Of one row, in the highest precision that NumPy has, after the maximum was subtracted."""
    exact = row.astype(np.longdouble) - row.max()
    return (exact - np.log(sum(np.exp(number) for number in exact))).astype(np.float64)


def loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Row by row."""
    losses = [-log_softmax(row)[label] for row, label in zip(logits, labels, strict=True) if label != IGNORE]
    return float(np.mean(losses)) if losses else 0.0


def gradient(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(p - y) / n, row by row."""
    found = np.zeros(logits.shape)
    n_labels = int((labels != IGNORE).sum())
    for row, label in enumerate(labels):
        if label != IGNORE:
            found[row] = np.exp(log_softmax(logits[row])) / n_labels
            found[row, label] -= 1 / n_labels
    return found


_LOG_PROBS = "shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))  # (N, V)"

CROSS_ENTROPY = Exercise(
    number="1.5",
    title="softmax cross-entropy",
    points=15,
    minutes=90,
    stubs=(Stub("lectures.assignments.autograd.solution.cross_entropy.cross_entropy"),),
    cases=cases,
    mistakes=(
        Mistake(
            name="no maximum",
            old="shifted = logits - logits.max(axis=-1, keepdims=True)",
            new="shifted = logits",
            symptom="exp of a logit of 1,000 overflows",
        ),
        Mistake(
            name="log of a softmax",
            old=_LOG_PROBS,
            new="np.log(np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True))",
            symptom="a small probability is rounded to 0 before its logarithm is taken",
        ),
        Mistake(
            name="softmax over rows",
            old=_LOG_PROBS,
            new="shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))",
            symptom="the softmax is taken over the rows, not over the classes",
        ),
        Mistake(
            name="mean over all rows",
            old="n_labels = max(int(counts.sum()), 1)",
            new="n_labels = len(labels)",
            symptom="the mean is taken over all rows, although ignored rows do not count",
        ),
        Mistake(
            name="ignored rows get a gradient",
            old="return grad * grad_logits * counts[:, None] / n_labels",
            new="return grad * grad_logits / n_labels",
            symptom="an ignored row gets a gradient",
        ),
        Mistake(
            name="ignored rows have a loss",
            old="(log_probs[rows, targets] * counts)",
            new="log_probs[rows, targets]",
            symptom="an ignored row has a loss",
        ),
        Mistake(
            name="incoming gradient dropped",
            old="return grad * grad_logits",
            new="return grad_logits",
            symptom="the rule ignores the incoming gradient: twice the loss has the gradient of the loss",
        ),
        Mistake(
            name="sum",
            old="n_labels = max(int(counts.sum()), 1)",
            new="n_labels = 1",
            symptom="the losses of the rows are summed, not averaged",
        ),
        Mistake(
            name="no label in the gradient",
            old="grad_logits[rows, targets] -= 1  # p - y",
            new="pass",
            symptom="the gradient is the softmax alone: nothing is subtracted at the label",
        ),
    ),
    page="machine/2-gradients.md",
)
