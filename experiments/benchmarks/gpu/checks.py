"""What is checked: a list of cases for each kernel, in float32 and float64, at sizes even and odd.

The natural sizes are explained in `checking.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from experiments.benchmarks.gpu.checking import TOLERANCES, Case, Draw, check, wide
from experiments.benchmarks.gpu.check_attention import AttentionShape, attention, attention_bf16, bf16_missing
from experiments.benchmarks.gpu.result import Check
from minigrad.array_type import Array
from minigrad.kernels.adam import AdamDials
from minigrad.kernels.adam import cuda as adam
from minigrad.kernels.adam import reference as adam_reference
from minigrad.kernels.cross_entropy import cuda as cross_entropy_kernel
from minigrad.kernels.cross_entropy import reference as cross_entropy_reference
from minigrad.kernels.embedding import cuda as embedding
from minigrad.kernels.embedding import reference as embedding_reference
from minigrad.kernels.gelu import cuda as gelu_kernel
from minigrad.kernels.gelu import reference as gelu_reference
from minigrad.kernels.layernorm import cuda as layernorm
from minigrad.kernels.layernorm import reference as layernorm_reference
from minigrad.kernels.lstm import cuda as lstm_kernel
from minigrad.kernels.lstm import reference as lstm_reference
from minigrad.kernels.matmul import cuda as matmul_kernel
from minigrad.kernels.matmul import tensor_core

EPS = 1e-5


@dataclass(frozen=True)
class CheckSizes:
    """At which sizes each kernel is checked.

    Attributes:
        norms: rows, width.
        products: M, K, N.
        losses: rows, vocabulary.
        elements: how many.
        scatters: tokens, vocabulary, width.
        lstms: B, T, D, N.
    """

    norms: tuple[tuple[int, int], ...]
    products: tuple[tuple[int, int, int], ...]
    attentions: tuple[AttentionShape, ...]
    losses: tuple[tuple[int, int], ...]
    elements: tuple[int, ...]
    scatters: tuple[tuple[int, int, int], ...]
    lstms: tuple[tuple[int, int, int, int], ...]


FULL = CheckSizes(
    norms=((1, 1), (7, 33), (300, 768), (1000, 4096), (5, 10_001)),
    products=((1, 1, 1), (33, 65, 17), (130, 257, 100), (512, 384, 640)),
    attentions=(
        AttentionShape(1, 1, 1, 1, 1),
        AttentionShape(2, 3, 17, 33, 7, causal=True, masked=True),
        AttentionShape(1, 2, 130, 130, 64, causal=True),
        AttentionShape(2, 2, 257, 200, 80, biased=True),
        AttentionShape(1, 2, 300, 300, 128, causal=True, biased=True),
    ),
    losses=((1, 1), (7, 33), (65, 5003), (16, 50_257)),
    elements=(1, 33, 100_003),
    scatters=((1, 1, 1), (300, 7, 33), (4000, 1000, 768)),
    lstms=((1, 1, 1, 1), (3, 9, 33, 17), (8, 32, 64, 130)),
)


def run(move: Callable[[np.ndarray], Array], sizes: CheckSizes = FULL) -> Iterator[Check]:
    """The checks, one after the other; `move` brings an array to where the kernels run."""
    in_both = {
        "layer norm": layer_norm,
        "RMS norm": rms_norm,
        "matmul, tiled": matmul_tiled,
        "attention, float32": lambda draw, sizes: attention(draw, sizes.attentions),
        "cross-entropy": cross_entropy,
        "GELU": gelu,
        "embedding": scatter_add,
        "AdamW": adamw,
        "LSTM": lstm,
    }
    for name, cases in in_both.items():
        yield check(name, partial(both_dtypes, cases, move, sizes))
    yield check("matmul, blocked", lambda: matmul_blocked(Draw(np.float32, move), sizes))
    for precision in ("TF32", "bf16"):
        yield check(f"matmul, {precision}", partial(matmul_rounded, Draw(np.float32, move), sizes, precision))
    if missing := bf16_missing():
        yield Check("attention, bf16", missing=missing)
    else:
        yield check("attention, bf16", lambda: attention_bf16(Draw(np.float32, move), sizes.attentions))


NAMES = (
    "layer norm", "RMS norm", "matmul, tiled", "attention, float32", "cross-entropy", "GELU", "embedding", "AdamW",
    "LSTM", "matmul, blocked", "matmul, TF32", "matmul, bf16", "attention, bf16",
)  # fmt: skip
"""Of all checks of kernels, in this order."""

CasesOf = Callable[[Draw, CheckSizes], Iterator[Case]]


def both_dtypes(cases: CasesOf, move: Callable[[np.ndarray], Array], sizes: CheckSizes) -> Iterator[Case]:
    """In float32, then in float64."""
    return chain.from_iterable(cases(Draw(dtype, move), sizes) for dtype in (np.float32, np.float64))


def layer_norm(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Both passes; the backward pass gets the reference's statistics."""
    for rows, width in sizes.norms:
        name, dtype = f"{rows} × {width}, {draw.precision}", np.dtype(draw.dtype)
        x, weight, bias, grad = draw(rows, width), draw(width), draw(width), draw(rows, width)
        forward = layernorm_reference.layernorm_forward(*wide(x, weight, bias), EPS)
        out, mean, rstd = forward
        size_of_mean = abs(x).mean(axis=-1, keepdims=True)
        normalised = (abs(x) + size_of_mean) * rstd
        size_of_rstd = rstd * (1 + normalised.max(axis=-1, keepdims=True))
        natural = normalised * abs(weight) + abs(bias), size_of_mean, size_of_rstd
        inputs = draw.moved(x, weight, bias)
        yield Case(
            f"forward, {name}", partial(layernorm.layernorm_forward, *inputs, EPS), forward, natural, draw.tolerance
        )

        statistics = mean.astype(dtype), rstd.astype(dtype)
        backward = layernorm_reference.layernorm_backward(*wide(grad, x, weight, *statistics))
        far, grad_n = (abs(x) + abs(mean)) * rstd, abs(grad * weight)
        of_x = rstd * (
            grad_n + grad_n.mean(axis=-1, keepdims=True) + far * (grad_n * far).mean(axis=-1, keepdims=True)
        )
        natural = of_x, (abs(grad) * far).sum(axis=0), abs(grad).sum(axis=0, dtype=np.float64)
        inputs = draw.moved(grad, x, weight, *statistics)
        yield Case(
            f"backward, {name}", partial(layernorm.layernorm_backward, *inputs), backward, natural, draw.tolerance
        )


def rms_norm(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """The same without a mean and a bias."""
    for rows, width in sizes.norms:
        name = f"{rows} × {width}, {draw.precision}"
        x, weight, grad = draw(rows, width), draw(width), draw(rows, width)
        out, rstd = layernorm_reference.rmsnorm_forward(*wide(x, weight), EPS)
        inputs = draw.moved(x, weight)
        yield Case(
            f"forward, {name}", partial(layernorm.rmsnorm_forward, *inputs, EPS), (out, rstd), (abs(out), rstd),
            draw.tolerance,
        )  # fmt: skip

        rstd = rstd.astype(draw.dtype)
        backward = layernorm_reference.rmsnorm_backward(*wide(grad, x, weight, rstd))
        normalised, grad_n = abs(wide(x)[0] * rstd), abs(wide(grad)[0] * weight)
        of_x = rstd * (grad_n + normalised * (grad_n * normalised).mean(axis=-1, keepdims=True))
        natural = of_x, (abs(grad) * normalised).sum(axis=0)
        inputs = draw.moved(grad, x, weight, rstd)
        yield Case(f"backward, {name}", partial(layernorm.rmsnorm_backward, *inputs), backward, natural, draw.tolerance)


def matmul_tiled(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """The kernel that is there to be read."""
    for m, k, n in sizes.products:
        a, b = draw(m, k), draw(k, n)
        yield product(f"{draw.precision}", matmul_kernel.tiled_matmul, draw, a, b, draw.tolerance)


def matmul_blocked(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """The fast one in float32, each operand along its rows and along its columns."""
    for a, b, layout in layouts(draw, sizes):
        yield product(layout, matmul_kernel.blocked_matmul, draw, a, b, draw.tolerance)


def matmul_rounded(draw: Draw, sizes: CheckSizes, precision: str) -> Iterator[Case]:
    """The tensor cores' products; the kernel rounds the factors."""
    for a, b, layout in layouts(draw, sizes):

        def compute(a: Array, b: Array) -> Array:
            return tensor_core.tensor_core_matmul(a, b, precision.lower())

        yield product(layout, compute, draw, a, b, TOLERANCES[precision])


def layouts(draw: Draw, sizes: CheckSizes) -> Iterator[tuple[np.ndarray, np.ndarray, str]]:
    """Operands of each size, as they are and transposed."""
    for m, k, n in sizes.products:
        a, b = draw(m, k), draw(k, n)
        for left, right, layout in ((a, b, "A B"), (a, draw(n, k).T, "A Bᵀ"), (draw(k, m).T, b, "Aᵀ B")):
            yield left, right, layout


def product(
    name: str, kernel: Callable[[Array, Array], Array], draw: Draw, a: np.ndarray, b: np.ndarray, tolerance: float
) -> Case:
    """A product of two matrices. In float64 NumPy's is as good a reference as the sum of outer products."""
    (m, k), n = a.shape, b.shape[1]
    exact, natural = (np.matmul(*wide(*pair)) for pair in ((a, b), (abs(a), abs(b))))
    left, right = draw.move(a), draw.move(b)
    return Case(f"{m} × {k} × {n}, {name}", lambda: (kernel(left, right),), (exact,), (natural,), tolerance)


def cross_entropy(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Losses and gradients; a third of the rows carries no loss."""
    scale = 0.37
    for rows, vocab_size in sizes.losses:
        logits, targets = draw(rows, vocab_size, scale=5.0), draw.rng.integers(vocab_size, size=rows)
        counts = np.arange(rows) % 3 != 1
        losses, grad = cross_entropy_reference.cross_entropy(*wide(logits), targets, counts, scale)
        assert grad is not None
        one_hot = counts[:, None] * (np.arange(vocab_size) == targets[:, None])
        inputs = draw.moved(logits, targets, counts)

        def compute(inputs: list[Array] = inputs) -> tuple[Array, Array]:
            found, grad = cross_entropy_kernel.cross_entropy(*inputs, scale)
            assert grad is not None
            return found, grad

        natural = 1 + losses, abs(grad) + 2 * scale * one_hot
        yield Case(f"{rows} × {vocab_size}, {draw.precision}", compute, (losses, grad), natural, draw.tolerance)


def gelu(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Exact and through tanh, both passes."""
    for size in sizes.elements:
        x, grad = draw(size, scale=3.0), draw(size)
        moved_x, moved_grad = draw.moved(x, grad)
        for form, exact, kernel in (
            ("exact", (gelu_reference.gelu_forward, gelu_reference.gelu_backward),
             (gelu_kernel.gelu_forward, gelu_kernel.gelu_backward)),
            ("tanh", (gelu_reference.gelu_tanh_forward, gelu_reference.gelu_tanh_backward),
             (gelu_kernel.gelu_tanh_forward, gelu_kernel.gelu_tanh_backward)),
        ):  # fmt: skip
            out = exact[0](*wide(x))

            def compute(kernel: tuple[Callable, ...] = kernel, x: Array = moved_x, grad: Array = moved_grad) -> tuple:
                out = kernel[0](x)
                return out, kernel[1](grad, x, out)

            results = out, exact[1](*wide(grad, x), out)
            yield Case(f"{form}, {size}, {draw.precision}", compute, results, wide(abs(x), abs(grad)), draw.tolerance)


def scatter_add(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Rows that occur several times."""
    for tokens, vocab_size, width in sizes.scatters:
        grad, rows = draw(tokens, width), draw.rng.integers(vocab_size, size=tokens)
        exact, natural = (embedding_reference.scatter_add(*wide(g), rows, vocab_size) for g in (grad, abs(grad)))
        moved_grad, moved_rows = draw.moved(grad, rows)

        def compute(grad: Array = moved_grad, rows: Array = moved_rows, vocab_size: int = vocab_size) -> tuple[Array]:
            return (embedding.scatter_add(grad, rows, vocab_size),)

        name = f"{tokens} of {vocab_size} × {width}, {draw.precision}"
        yield Case(name, compute, (exact,), (natural,), draw.tolerance)


def adamw(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """A step with weight decay, some steps in."""
    dials = AdamDials(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8, step=3, decay=0.99)
    for size in sizes.elements:
        before = [draw(size) for _ in range(4)]
        before[3] = abs(before[3]) + draw.dtype(0.1)
        exact, (data, grad, m, _) = wide(*before), wide(*map(np.abs, before))
        adam_reference.adam_step(*exact, dials)
        of_m = 0.9 * m + 0.1 * grad
        natural = data + 0.1 * of_m / (1 - 0.9**3) / np.sqrt(exact[3] / (1 - 0.999**3)), of_m, exact[3]

        def compute(before: list[np.ndarray] = before) -> list[Array]:
            data, grad, m, v = draw.moved(*before)
            adam.adam_step(data, grad, m, v, dials)
            return [data, m, v]

        yield Case(f"{size}, {draw.precision}", compute, (exact[0], exact[2], exact[3]), natural, draw.tolerance)


def lstm(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Both passes. A layer has no simple natural size: an error is held against the largest value of its array."""
    for batch, length, d_in, size in sizes.lstms:
        name = f"B {batch}, T {length}, D {d_in}, N {size}, {draw.precision}"
        x, h0, c0 = draw(batch, length, d_in), draw(batch, size), draw(batch, size)
        weights = draw(4 * size, d_in, scale=d_in**-0.5), draw(4 * size, size, scale=size**-0.5)
        bias, grad = draw(4 * size), draw(batch, length, size)
        forward = lstm_reference.lstm_forward(*wide(x, h0, c0, *weights, bias))
        inputs = draw.moved(x, h0, c0, *weights, bias)
        yield Case(
            f"forward, {name}", partial(lstm_kernel.lstm_forward, *inputs), forward, largest(forward), draw.tolerance
        )

        saved = [array.astype(draw.dtype) for array in forward]
        backward = lstm_reference.lstm_backward(*wide(grad, x, h0, c0, *weights, *saved))
        inputs = draw.moved(grad, x, h0, c0, *weights, *saved)
        yield Case(
            f"backward, {name}", partial(lstm_kernel.lstm_backward, *inputs), backward, largest(backward),
            draw.tolerance,
        )  # fmt: skip


def largest(arrays: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """For each array its largest absolute value."""
    return [np.max(np.abs(array)) for array in arrays]
