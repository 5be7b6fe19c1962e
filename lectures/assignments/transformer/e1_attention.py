"""Exercise 3.1: softmax attention, forward."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.assignments.transformer.softmax_by_hand import attended, causal_mask, probabilities
from lectures.grading.exercise import Case, Exercise, Mistake, Stub, Variant

SYMBOL = "minigrad.kernels.attention.reference.attention_forward"


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """One thing after the other: no mask, a bias, a causal mask, a cache, padding, large scores, no key at all."""

    def case(
        group: str, shows: str, n_queries: int, n_keys: int, *,
        causal: bool = False, mask: np.ndarray | None = None, with_bias: bool = False, size: float = 1.0,
    ) -> Case:  # fmt: skip
        q, k, v = (generator.standard_normal((2, 2, n, 4)) for n in (n_queries, n_keys, n_keys))
        k *= size
        bias = generator.standard_normal((1, 2, n_queries, n_keys)) if with_bias else None
        allowed = np.ones((2, 2, n_queries, n_keys), dtype=bool)
        if causal:
            allowed &= causal_mask(n_queries, n_keys, sees_itself=variant != "strict")
        if mask is not None:
            allowed &= mask
        expected = attended(probabilities(q, k, allowed, bias, 0.5), v)
        return Case(group, shows, "attention", (q, k, v, mask, bias, causal, 0.5), expected)

    padding = np.array([[1, 1, 0], [1, 1, 1]], dtype=bool)[:, None, None]  # (B, 1, 1, S)
    no_key = np.array([[0, 0], [1, 1]], dtype=bool)[:, None, None]
    yield case("scores", "three queries and three keys", 3, 3)
    yield case("scores", "two queries and five keys", 2, 5)
    yield case("scores", "a bias on the scores", 3, 3, with_bias=True)
    yield case("causal", "a causal mask", 3, 3, causal=True)
    yield case("causal", "a causal mask with three keys in the cache", 2, 5, causal=True)
    yield case("padding", "padding at the end of the first text", 3, 3, mask=padding)
    yield case("padding", "a causal mask and padding", 3, 3, causal=True, mask=padding)
    yield case("edges", "scores of several hundred", 3, 3, size=1000.0)
    yield case("edges", "a text whose queries may attend to no key", 2, 2, mask=no_key)


ATTENTION = Exercise(
    number="3.1",
    title="attention, forward",
    points=20,
    minutes=90,
    stubs=(Stub(SYMBOL),),
    cases=cases,
    variants=(
        Variant("inclusive", "Under a causal mask, a query attends to its own position and to those before it."),
        Variant(
            "strict",
            "Under a causal mask, a query attends only to positions before its own; the first attends to none.",
            edits=(
                (
                    SYMBOL,
                    "(B, H, T, S) for the backward pass.",
                    "(B, H, T, S) for the backward pass.\n\n    A causal mask hides a query's own position too.\n    ",
                ),
                (SYMBOL, "n_keys - n_queries, dtype", "n_keys - n_queries - 1, dtype"),
            ),
        ),
    ),
    mistakes=(
        Mistake(
            name="no scale",
            old="scale * (q @ k.swapaxes(-1, -2))",
            new="q @ k.swapaxes(-1, -2)",
            symptom="the scores are not multiplied by `scale`",
        ),
        Mistake(
            name="sees the next token",
            old="n_keys - n_queries, dtype",
            new="n_keys - n_queries + 1, dtype",
            symptom="a query attends to one key of the future",
        ),
        Mistake(
            name="does not see itself",
            old="n_keys - n_queries, dtype",
            new="n_keys - n_queries - 1, dtype",
            symptom="a query does not attend to its own position",
        ),
        Mistake(
            name="cache offset forgotten",
            old="n_keys - n_queries, dtype",
            new="0, dtype",
            symptom="the causal mask begins at the first key, although the queries are the last positions",
        ),
        Mistake(
            name="no maximum subtracted",
            old="np.exp(np.minimum(scores - highest, 0))",
            new="np.exp(scores)",
            symptom="exp of a score of several hundred overflows",
        ),
        Mistake(
            name="softmax over queries",
            old="total = weights.sum(axis=-1, keepdims=True)",
            new="total = weights.sum(axis=-2, keepdims=True)",
            symptom="the probabilities add up to one over the queries, not over the keys",
        ),
        Mistake(
            name="mask forgotten",
            old="allowed &= mask",
            new="pass",
            symptom="padding takes part: `mask` has no effect",
        ),
        Mistake(
            name="mask after the softmax",
            old="weights = np.where(allowed, np.exp(np.minimum(scores - highest, 0)), 0)  # (B, H, T, S)\n"
            "    total = weights.sum(axis=-1, keepdims=True)  # (B, H, T, 1)",
            new="weights = np.exp(scores - scores.max(axis=-1, keepdims=True))\n"
            "    total = weights.sum(axis=-1, keepdims=True)\n"
            "    weights = np.where(allowed, weights, 0)",
            symptom="masked keys get zero after the softmax, so the rest of the row does not add up to one",
        ),
        Mistake(
            name="bias forgotten",
            old="scores = scores + bias",
            new="pass",
            symptom="`bias` has no effect",
        ),
        Mistake(
            name="row without keys",
            old="np.where(total == 0, 1, total)",
            new="total",
            symptom="a query that may attend to no key gives nan instead of zeros",
        ),
    ),
    page="machine/4-attention.md",
    walk="lectures/walks/attention-reference.md",
)
