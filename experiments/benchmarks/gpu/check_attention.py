"""The cases of attention: both passes, with and without causality, masks and biases."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from experiments.benchmarks.gpu.checking import BF16_ATTENTION, Case, Draw, from_bfloat16, to_bfloat16, wide
from experiments.benchmarks.passes import attention_passes
from minigrad.kernels.attention import cuda, reference, tensor_core


@dataclass(frozen=True)
class AttentionShape:
    """B, H, T, S, K, and the optional parts of attention.

    Attributes:
        masked: whether two thirds of the keys are hidden, and from the first query all of them.
        biased: whether a bias is added to the scores, the same for the whole batch.
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
        yield case(f"{shape}, {draw.precision}", shape, inputs(draw, shape), draw, draw.tolerance)


def attention_bf16(draw: Draw, shapes: tuple[AttentionShape, ...]) -> Iterator[Case]:
    """In bfloat16, on tensor cores; the arrays hold the bits."""
    for shape in shapes:
        rounded = [from_bfloat16(to_bfloat16(array)) for array in inputs(draw, shape)]
        yield case(f"{shape}, bf16", shape, rounded, draw, BF16_ATTENTION, bits=True)


def inputs(draw: Draw, shape: AttentionShape) -> list[np.ndarray]:
    """q, k, v and the gradient of the output."""
    lengths = shape.queries, shape.keys, shape.keys, shape.queries
    return [draw(shape.batch, shape.heads, length, shape.head_size) for length in lengths]


def case(
    name: str, shape: AttentionShape, arrays: list[np.ndarray], draw: Draw, tolerance: float, bits: bool = False
) -> Case:
    """The output, the gradients of q, k and v, and that of the scores if there is a bias."""
    mask = bias = None
    if shape.masked:
        mask = draw.rng.random((shape.batch, 1, shape.queries, shape.keys)) < 1 / 3
        mask[:, :, 0] = False
    if shape.biased:
        bias = draw(1, shape.heads, shape.queries, shape.keys)
        bias = from_bfloat16(to_bfloat16(bias)) if bits else bias
    scale, n_results = shape.head_size**-0.5, 5 if shape.biased else 4

    q, k, v, grad = map(wide, arrays)
    wide_bias = None if bias is None else wide(bias)
    out, probs = reference.attention_forward(q, k, v, mask, wide_bias, shape.causal, scale)
    exact = [out, *reference.attention_backward(grad, q, k, v, probs, scale)][:n_results]
    natural = natural_sizes(q, k, v, grad, probs, wide_bias, scale)[:n_results]

    kernel = tensor_core if bits else cuda
    floats = [array if array is None or not bits else to_bfloat16(array) for array in (*arrays, bias)]
    compute = draw.call(attention_passes, kernel, *floats[:4], mask, floats[4], shape.causal, scale)
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
    """The natural sizes of the output and of the gradients of q, k, v and the scores.

    A score is a sum that may cancel. Its error δ becomes a relative error of the probability: e^(x + δ) ≈ e^x (1 + δ).
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
