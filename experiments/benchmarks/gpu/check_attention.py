"""The cases of attention: both passes, with and without causality, masks and biases."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from experiments.benchmarks.gpu.checking import BF16_ATTENTION, Case, Draw, wide
from minigrad.array_type import Array
from minigrad.kernels.attention import cuda, reference


@dataclass(frozen=True)
class AttentionShape:
    """B, H, T, S, K, and what there is besides queries, keys and values.

    Attributes:
        masked: whether two thirds of the keys are hidden, and all of them from the first query.
        biased: whether something is added to the scores, the same for the whole batch.
    """

    batch: int
    heads: int
    queries: int
    keys: int
    head_size: int
    causal: bool = False
    masked: bool = False
    biased: bool = False

    def __str__(self) -> str:
        sizes = f"B {self.batch}, H {self.heads}, T {self.queries}, S {self.keys}, K {self.head_size}"
        return ", ".join([sizes, *(word for word in ("causal", "masked", "biased") if getattr(self, word))])


def attention(draw: Draw, shapes: tuple[AttentionShape, ...]) -> Iterator[Case]:
    """In the dtype of `draw`."""
    for shape in shapes:
        q, k, v, grad = inputs(draw, shape)
        yield case(f"{shape}, {draw.precision}", shape, (q, k, v, grad), draw, draw.tolerance)


def attention_bf16(draw: Draw, shapes: tuple[AttentionShape, ...]) -> Iterator[Case]:
    """In bfloat16, without biases."""
    import ml_dtypes

    for shape in shapes:
        if not shape.biased:
            rounded = [array.astype(ml_dtypes.bfloat16) for array in inputs(draw, shape)]
            yield case(f"{shape}, bf16", shape, rounded, draw, BF16_ATTENTION)


def bf16_missing() -> str:
    """Why attention in bfloat16 cannot be checked and timed; "" if it can."""
    if not any("bfloat16" in kernel for kernel in (*cuda.KERNELS, *getattr(cuda, "KERNELS_GPU_ONLY", ()))):
        return "there is no kernel for bf16 yet"
    try:
        import ml_dtypes  # noqa: F401
    except ImportError:
        return "ml_dtypes is not installed"
    return ""


def inputs(draw: Draw, shape: AttentionShape) -> list[np.ndarray]:
    """q, k, v and the gradient of the output."""
    return [draw(shape.batch, shape.heads, n, shape.head_size) for n in
            (shape.queries, shape.keys, shape.keys, shape.queries)]  # fmt: skip


def case(name: str, shape: AttentionShape, arrays: list[np.ndarray], draw: Draw, tolerance: float) -> Case:
    """The output, the gradients of q, k and v, and that of the scores if there is a bias."""
    q, k, v, grad = arrays
    mask = bias = None
    if shape.masked:
        mask = draw.rng.random((shape.batch, 1, shape.queries, shape.keys)) < 1 / 3
        mask[:, :, 0] = False
    if shape.biased:
        bias = draw(1, shape.heads, shape.queries, shape.keys)
    scale, n_results = shape.head_size**-0.5, 5 if shape.biased else 4

    wide_q, wide_k, wide_v, wide_grad = wide(*arrays)
    wide_bias = None if bias is None else bias.astype(np.float64)
    out, probs = reference.attention_forward(wide_q, wide_k, wide_v, mask, wide_bias, shape.causal, scale)
    exact = [out, *reference.attention_backward(wide_grad, wide_q, wide_k, wide_v, probs, scale)][:n_results]
    natural = natural_sizes(wide_q, wide_k, wide_v, wide_grad, probs, wide_bias, scale)[:n_results]

    moved_q, moved_k, moved_v, moved_grad = draw.moved(*arrays)
    moved_mask, moved_bias = (None if array is None else draw.move(array) for array in (mask, bias))

    def compute() -> list[Array]:
        out, saved = cuda.attention_forward(moved_q, moved_k, moved_v, moved_mask, moved_bias, shape.causal, scale)
        grads = cuda.attention_backward(moved_grad, moved_q, moved_k, moved_v, saved, scale)
        return [out, *(grad for grad in grads if grad is not None)]

    return Case(name, compute, exact, natural, tolerance)


def natural_sizes(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    grad: np.ndarray,
    probs: np.ndarray,
    bias: np.ndarray | None,
    scale: float,
) -> list[np.ndarray]:
    """Of the output and the gradients of q, k, v and scores.

    An error of a score, which is a sum that may cancel, is a relative error of its probability: e^(x + δ) ≈ e^x (1 + δ).
    """
    scores = scale * (abs(q) @ abs(k).swapaxes(-1, -2)) + (0 if bias is None else abs(bias))
    likely = probs * (1 + scores + (probs * scores).sum(axis=-1, keepdims=True))
    grad_probs = abs(grad) @ abs(v).swapaxes(-1, -2)
    of_scores = likely * (grad_probs + (likely * grad_probs).sum(axis=-1, keepdims=True))
    return [
        likely @ abs(v),
        scale * (of_scores @ abs(k)),
        scale * (of_scores.swapaxes(-1, -2) @ abs(q)),
        likely.swapaxes(-1, -2) @ abs(grad),
        of_scores,
    ]
