"""Exercise 3.2: softmax attention, backward."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.assignments.transformer.softmax_by_hand import causal_mask, probabilities
from lectures.grading.exercise import Case, Exercise, Mistake, Stub

SCALE = 0.5


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Each gradient in its own case, without and with a mask, with as many keys as queries and with more."""
    for shows, n_queries, n_keys, causal in [
        ("three queries and three keys", 3, 3, False),
        ("two queries and four keys", 2, 4, False),
        ("a causal mask", 3, 3, True),
    ]:
        q, k, v = (generator.standard_normal((2, 2, n, 4)) for n in (n_queries, n_keys, n_keys))
        grad = generator.standard_normal(q.shape)
        mask = causal_mask(n_queries, n_keys) if causal else True
        allowed = np.broadcast_to(mask, (2, 2, n_queries, n_keys))
        probs = probabilities(q, k, allowed, None, SCALE)
        for name, expected in gradients(grad, q, k, v, probs).items():
            arguments = (grad, q, k, v, probs, SCALE, name)
            yield Case(f"d{name}", f"the gradient of {name}: {shows}", "attention_gradient", arguments, expected)


def gradients(
    grad: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, probs: np.ndarray
) -> dict[str, np.ndarray]:
    """The gradients, element by element: the derivative of a softmax is ∂P_u/∂score_s = P_u (δ_us - P_s)."""
    d = {"v": np.zeros(v.shape), "scores": np.zeros(probs.shape), "q": np.zeros(q.shape), "k": np.zeros(k.shape)}
    for b, h, t in np.ndindex(q.shape[:3]):
        row = probs[b, h, t]
        jacobian = np.diag(row) - np.outer(row, row)  # (S, S)
        d_row = np.array([float(grad[b, h, t] @ v[b, h, s]) for s in range(len(row))])
        d["scores"][b, h, t] = jacobian @ d_row
        for s in range(len(row)):
            d["v"][b, h, s] += row[s] * grad[b, h, t]
            d["q"][b, h, t] += SCALE * d["scores"][b, h, t, s] * k[b, h, s]
            d["k"][b, h, s] += SCALE * d["scores"][b, h, t, s] * q[b, h, t]
    return d


_SOFTMAX = "probs * (grad_probs - (grad_probs * probs).sum(axis=-1, keepdims=True))"

ATTENTION_BACKWARD = Exercise(
    number="3.2",
    title="attention, backward",
    points=20,
    minutes=120,
    stubs=(Stub("minigrad.kernels.attention.reference.attention_backward"),),
    cases=cases,
    mistakes=(
        Mistake(
            name="sum missing",
            old=_SOFTMAX,
            new="probs * grad_probs",
            symptom="raising one score does not lower the other probabilities: the rows of dscores do not add up to 0",
        ),
        Mistake(
            name="sum over queries",
            old=_SOFTMAX,
            new=_SOFTMAX.replace("axis=-1", "axis=-2"),
            symptom="the sum in dscores is taken over the queries, not over the keys",
        ),
        Mistake(
            name="probs forgotten",
            old=_SOFTMAX,
            new=_SOFTMAX.removeprefix("probs * "),
            symptom="keys with probability 0, which were masked, get a gradient",
        ),
        Mistake(
            name="no scale in dq",
            old="scale * (grad_scores @ k)",
            new="grad_scores @ k",
            symptom="`scale` is missing in dq",
        ),
        Mistake(
            name="no scale in dk",
            old="scale * (grad_scores.swapaxes(-1, -2) @ q)",
            new="grad_scores.swapaxes(-1, -2) @ q",
            symptom="`scale` is missing in dk",
        ),
        Mistake(
            name="dscores not transposed",
            old="grad_scores.swapaxes(-1, -2) @ q",
            new="grad_scores @ q",
            symptom="dk adds up over the keys, not over the queries that attended to a key",
        ),
        Mistake(
            name="probs not transposed",
            old="probs.swapaxes(-1, -2) @ grad",
            new="probs @ grad",
            symptom="dv adds up over the keys, not over the queries that attended to a key",
        ),
        Mistake(
            name="q and k exchanged",
            old="return grad_q, grad_k",
            new="return grad_k, grad_q",
            symptom="dq and dk are exchanged",
        ),
    ),
    page="machine/4-attention.md",
    walk="the stepper `attention`",
)
