"""Exercise 3.3: cut a sequence of vectors into heads, and put the heads side by side again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub

SPLIT, MERGE = "minigrad.ops.shape.split_heads", "minigrad.ops.shape.merge_heads"


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Two texts of three tokens with four heads of two numbers; one head; one token."""
    for shows, batch, length, n_heads, size in [
        ("two texts, three tokens, four heads of two numbers", 2, 3, 4, 2),
        ("one head", 2, 3, 1, 4),
        ("one token", 2, 1, 2, 3),
    ]:
        x = generator.standard_normal((batch, length, n_heads * size))
        heads = generator.standard_normal((batch, n_heads, length, size))
        yield Case("split", f"split_heads: {shows}", "split", (x, n_heads), split(x, n_heads))
        yield Case("merge", f"merge_heads: {shows}", "merge", (heads,), merge(heads))
        # Both only move numbers, so the rule of one is the other.
        arguments = (x, n_heads, heads)
        yield Case("rules", f"the rule of split_heads: {shows}", "split_gradient", arguments, merge(heads))
        yield Case("rules", f"the rule of merge_heads: {shows}", "merge_gradient", (heads, x), split(x, n_heads))


def split(x: np.ndarray, n_heads: int) -> np.ndarray:
    """(B, T, H · K) → (B, H, T, K), number by number."""
    batch, length, width = x.shape
    size = width // n_heads
    heads = np.zeros((batch, n_heads, length, size))
    for b, h, t, i in np.ndindex(heads.shape):
        heads[b, h, t, i] = x[b, t, h * size + i]
    return heads


def merge(heads: np.ndarray) -> np.ndarray:
    """(B, H, T, K) → (B, T, H · K), number by number."""
    batch, n_heads, length, size = heads.shape
    x = np.zeros((batch, length, n_heads * size))
    for b, h, t, i in np.ndindex(heads.shape):
        x[b, t, h * size + i] = heads[b, h, t, i]
    return x


_SPLIT = "x.data.reshape(batch, length, n_heads, width // n_heads).swapaxes(1, 2)"
_MERGE = "x.data.swapaxes(1, 2).reshape(batch, length, n_heads * head_size)"

HEADS = Exercise(
    number="3.3",
    title="split and merge heads",
    points=10,
    minutes=45,
    stubs=(Stub(SPLIT, keep=4), Stub(MERGE, keep=3)),
    cases=cases,
    mistakes=(
        Mistake(
            name="split without exchanging axes",
            old=_SPLIT,
            new="x.data.reshape(batch, n_heads, length, width // n_heads)",
            symptom="split_heads gives numbers of the second token to the first head",
        ),
        Mistake(
            name="heads interleaved",
            old=_SPLIT,
            new="x.data.reshape(batch, length, width // n_heads, n_heads).transpose(0, 3, 1, 2)",
            symptom="split_heads deals the numbers of a token to the heads one by one, not in contiguous parts",
        ),
        Mistake(
            name="head and token exchanged",
            old=_SPLIT,
            new="x.data.reshape(batch, length, n_heads, width // n_heads)",
            symptom="split_heads leaves the heads behind the tokens: (B, T, H, K)",
        ),
        Mistake(
            name="merge without exchanging axes",
            old=_MERGE,
            new="x.data.reshape(batch, length, n_heads * head_size)",
            symptom="merge_heads puts tokens of one head side by side, instead of the heads of one token",
            symbol=MERGE,
        ),
        Mistake(
            name="merged in the wrong order",
            old=_MERGE,
            new="x.data.transpose(0, 2, 3, 1).reshape(batch, length, n_heads * head_size)",
            symptom="merge_heads alternates between the heads",
            symbol=MERGE,
        ),
        Mistake(
            name="rule of split",
            old="grad.swapaxes(1, 2).reshape(shape)",
            new="grad.reshape(shape)",
            symptom="the rule of split_heads has the right shape, and gradients of other tokens in it",
        ),
        Mistake(
            name="rule of merge",
            old="grad.reshape(batch, length, n_heads, head_size).swapaxes(1, 2)",
            new="grad.reshape(batch, n_heads, length, head_size)",
            symptom="the rule of merge_heads has the right shape, and gradients of other tokens in it",
            symbol=MERGE,
        ),
    ),
    page="machine/4-attention.md",
)
