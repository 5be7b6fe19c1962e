"""Exercise 3.6: the key/value cache."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.assignments.transformer.softmax_by_hand import attended, causal_mask, probabilities
from lectures.grading.exercise import Case, Exercise, Mistake, Stub

MODULE = "lectures.assignments.transformer.solution.cache"
APPEND, FORK = f"{MODULE}.Cache.append", f"{MODULE}.Cache.fork"
POSITIONS, ALLOWED = f"{MODULE}.positions", f"{MODULE}.allowed"


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """What the cache holds; positions; the mask; a text that comes in pieces; beams."""
    n_cached, n_new = int(generator.integers(2, 6)), int(generator.integers(2, 4))
    old, new = ([generator.standard_normal((2, 2, n, 3)) for _ in "kv"] for n in (n_cached, n_new))
    both = {
        name: np.concatenate([one, more], axis=2) for name, one, more in zip(("keys", "values"), old, new, strict=True)
    }
    yield Case("append", f"{n_new} positions appended to {n_cached}", "append", (*old, *new), both)
    for cached in (0, n_cached):
        shows = f"{n_new} new tokens after {cached}"
        yield Case("positions", shows, "positions", (cached, n_new), np.array([cached + t for t in range(n_new)]))
        yield Case("mask", shows, "allowed", (cached, n_new), causal_mask(n_new, cached + n_new))
    pieces = [4, 1, 2]
    q, k, v = (generator.standard_normal((2, 2, sum(pieces), 3)) for _ in "qkv")
    whole = np.broadcast_to(causal_mask(sum(pieces), sum(pieces)), (2, 2, sum(pieces), sum(pieces)))
    expected = attended(probabilities(q, k, whole, None, 1 / np.sqrt(3)), v)
    yield Case("text", "a text that comes in pieces of 4, 1 and 2 tokens", "in_pieces", (q, k, v, pieces), expected)
    yield Case(
        "beams", "two beams that are continued differently", "beams", (*old, *new),
        {
            "first": {name: both[name] for name in both},
            "second": {"keys": old[0], "values": old[1]},
        },
    )  # fmt: skip
    yield Case(
        "beams", "a beam whose first key is overwritten", "overwritten", (*old,), {"other": old[0], "original": old[0]}
    )


CACHE = Exercise(
    number="3.6",
    title="the key/value cache",
    points=10,
    minutes=60,
    stubs=(Stub(APPEND), Stub(FORK), Stub(POSITIONS), Stub(ALLOWED)),
    cases=cases,
    mistakes=(
        Mistake(
            name="appended twice",
            old="np.concatenate([self.keys, keys], axis=2)  # (B, H, S + T, K)",
            new="np.concatenate([self.keys, keys, keys], axis=2)",
            symptom="the new keys are appended twice",
        ),
        Mistake(
            name="keys and values exchanged",
            old="np.concatenate([self.values, values], axis=2)",
            new="self.keys\n        self.keys = np.concatenate([self.values, values], axis=2)",
            symptom="keys and values are exchanged",
        ),
        Mistake(
            name="put in front",
            old="[self.keys, keys]",
            new="[keys, self.keys]",
            symptom="new keys come before those of earlier tokens",
        ),
        Mistake(
            name="replaced",
            old="np.concatenate([self.values, values], axis=2)",
            new="values",
            symptom="the cache keeps the newest values alone",
        ),
        Mistake(
            name="positions restart",
            old="np.arange(n_cached, n_cached + n_new)",
            new="np.arange(n_new)",
            symptom="positions begin at 0 again for every new token",
            symbol=POSITIONS,
        ),
        Mistake(
            name="mask not shifted",
            old="np.tri(n_new, n_cached + n_new, n_cached, dtype=bool)",
            new="np.tri(n_new, n_cached + n_new, 0, dtype=bool)",
            symptom="the first new token attends to the first key alone: the mask is not shifted by the cache",
            symbol=ALLOWED,
        ),
        Mistake(
            name="everything allowed",
            old="np.tri(n_new, n_cached + n_new, n_cached, dtype=bool)",
            new="np.ones((n_new, n_cached + n_new), dtype=bool)",
            symptom="new tokens attend to new tokens after them",
            symbol=ALLOWED,
        ),
        Mistake(
            name="beams are one",
            old="[Cache(self.keys.copy(), self.values.copy()) for _ in range(n)]",
            new="[self] * n",
            symptom="all beams are the same cache: appending to one appends to all",
            symbol=FORK,
        ),
        Mistake(
            name="beams share memory",
            old="Cache(self.keys.copy(), self.values.copy())",
            new="Cache(self.keys, self.values)",
            symptom="the beams hold the same arrays: writing into one changes the others",
            symbol=FORK,
        ),
    ),
    page="machine/4-attention.md",
    walk="the stepper `greedy`",
)
