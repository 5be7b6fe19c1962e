"""What is checked: a list of cases for each kernel, in float32 and float64, at sizes even and odd.

The natural sizes are explained in `checking.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from experiments.benchmarks.gpu.check_attention import AttentionShape, attention, attention_bf16
from experiments.benchmarks.gpu.checking import TOLERANCES, Case, Draw, check, in_float64, wide
from experiments.benchmarks.gpu.result import Check
from minigrad.array_type import Array
from minigrad.errors import DeviceError
from minigrad.kernels.adam import AdamHyperparameters
from minigrad.kernels.adam import cuda as adam
from minigrad.kernels.adam import reference as adam_reference
from minigrad.kernels.bias import cuda as bias_kernel
from minigrad.kernels.bias import reference as bias_reference
from minigrad.kernels.cross_entropy import cuda as cross_entropy_kernel
from minigrad.kernels.cross_entropy import reference as cross_entropy_reference
from minigrad.kernels.embedding import cuda as embedding
from minigrad.kernels.embedding import reference as embedding_reference
from minigrad.kernels.gelu import cuda as kernel
from minigrad.kernels.gelu import reference
from minigrad.kernels.layernorm import cuda as layernorm
from minigrad.kernels.layernorm import reference as layernorm_reference
from minigrad.kernels.lstm import cuda as lstm_kernel
from minigrad.kernels.lstm import reference as lstm_reference
from minigrad.kernels.matmul import cuda as matmul
from minigrad.kernels.matmul import tensor_core

EPS = 1e-5

Move = Callable[[np.ndarray], Array]


@dataclass(frozen=True)
class CheckSizes:
    """The sizes at which each kernel is checked.

    Attributes:
        norms: rows, width; also for biases.
        products: M, K, N.
        losses: rows, vocabulary.
        elements: the number of elements.
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


def run(move: Move, sizes: CheckSizes = FULL) -> Iterator[Check]:
    """The checks, one after the other; `move` moves an array to the device of the kernels."""
    in_both: dict[str, CasesOf] = {
        "layer norm": layer_norm,
        "RMS norm": rms_norm,
        "matmul, tiled": matmul_tiled,
        "attention, float32": lambda draw, sizes: attention(draw, sizes.attentions),
        "cross-entropy": cross_entropy,
        "GELU": gelu,
        "bias": bias,
        "embedding": scatter_add,
        "AdamW": adamw,
        "LSTM": lstm,
    }
    for name, cases in in_both.items():
        yield check(name, partial(both_dtypes, cases, move, sizes))
    yield check("matmul, blocked", lambda: matmul_blocked(Draw(np.float32, move), sizes))
    on_tensor_cores: dict[str, CasesOf] = {
        "matmul, TF32": partial(matmul_rounded, precision="TF32"),
        "matmul, bf16": partial(matmul_rounded, precision="bf16"),
        "attention, bf16": lambda draw, sizes: attention_bf16(draw, sizes.attentions),
    }
    missing = tensor_cores_missing(move)
    for name, cases in on_tensor_cores.items():
        yield Check(name, missing=missing) if missing else check(name, partial(cases, Draw(np.float32, move), sizes))


NAMES = (
    "layer norm", "RMS norm", "matmul, tiled", "attention, float32", "cross-entropy", "GELU", "bias", "embedding",
    "AdamW", "LSTM", "matmul, blocked", "matmul, TF32", "matmul, bf16", "attention, bf16",
)  # fmt: skip
"""The names of all checks of kernels, in order."""

CasesOf = Callable[[Draw, CheckSizes], Iterator[Case]]


def both_dtypes(cases: CasesOf, move: Move, sizes: CheckSizes) -> Iterator[Case]:
    """The cases in float32, then in float64."""
    return chain.from_iterable(cases(Draw(dtype, move), sizes) for dtype in (np.float32, np.float64))


def layer_norm(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Both passes. The backward pass gets the reference's statistics."""
    for rows, width in sizes.norms:
        name = f"{rows} × {width}, {draw.precision}"
        x, weight, bias, grad = draw(rows, width), draw(width), draw(width), draw(rows, width)
        exact = in_float64(layernorm_reference.layernorm_forward, x, weight, bias, EPS)
        _, mean, rstd = exact
        of_mean = abs(wide(x)).mean(axis=-1, keepdims=True)
        far = (abs(x) + of_mean) * rstd  # the normalised x - mean if nothing cancelled
        natural = far * abs(weight) + abs(bias), of_mean, rstd * (1 + far.max(axis=-1, keepdims=True))
        compute = draw.call(layernorm.layernorm_forward, x, weight, bias, EPS)
        yield Case(f"forward, {name}", compute, exact, natural, draw.tolerance)

        inputs = grad, x, weight, mean.astype(draw.dtype), rstd.astype(draw.dtype)
        exact = in_float64(layernorm_reference.layernorm_backward, *inputs)
        far, grad_n = (abs(x) + abs(mean)) * rstd, abs(wide(grad) * weight)
        of_x = grad_n + grad_n.mean(axis=-1, keepdims=True) + far * (grad_n * far).mean(axis=-1, keepdims=True)
        natural = rstd * of_x, (abs(grad) * far).sum(axis=0), abs(wide(grad)).sum(axis=0)
        compute = draw.call(layernorm.layernorm_backward, *inputs)
        yield Case(f"backward, {name}", compute, exact, natural, draw.tolerance)


def rms_norm(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """The same without a mean and a bias."""
    for rows, width in sizes.norms:
        name = f"{rows} × {width}, {draw.precision}"
        x, weight, grad = draw(rows, width), draw(width), draw(rows, width)
        out, rstd = exact = in_float64(layernorm_reference.rmsnorm_forward, x, weight, EPS)
        compute = draw.call(layernorm.rmsnorm_forward, x, weight, EPS)
        yield Case(f"forward, {name}", compute, exact, (abs(out), rstd), draw.tolerance)

        inputs = grad, x, weight, rstd.astype(draw.dtype)
        exact = in_float64(layernorm_reference.rmsnorm_backward, *inputs)
        far, grad_n = abs(x * rstd), abs(wide(grad) * weight)
        of_x = rstd * (grad_n + far * (grad_n * far).mean(axis=-1, keepdims=True))
        compute = draw.call(layernorm.rmsnorm_backward, *inputs)
        yield Case(f"backward, {name}", compute, exact, (of_x, (abs(grad) * far).sum(axis=0)), draw.tolerance)


def matmul_tiled(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """The simple kernel, for reading."""
    yield from products(draw, sizes, matmul.tiled_matmul, draw.tolerance)


def matmul_blocked(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """The fast kernel in float32."""
    yield from products(draw, sizes, matmul.blocked_matmul, draw.tolerance)


def matmul_rounded(draw: Draw, sizes: CheckSizes, precision: str) -> Iterator[Case]:
    """The tensor cores' products; the kernel rounds the factors."""
    kernel = partial(tensor_core.tensor_core_matmul, precision=precision.lower())
    yield from products(draw, sizes, kernel, TOLERANCES[precision])


def products(
    draw: Draw, sizes: CheckSizes, kernel: Callable[[Array, Array], Array], tolerance: float
) -> Iterator[Case]:
    """Products of matrices that are contiguous or transposed, as in a linear layer and its backward pass.

    In float64, NumPy's product is exact enough to be the reference.
    """
    for m, k, n in sizes.products:
        for name, turn_a, turn_b in (("A B", False, False), ("A Bᵀ", False, True), ("Aᵀ B", True, False)):
            a, b = draw(*((k, m) if turn_a else (m, k))), draw(*((n, k) if turn_b else (k, n)))

            def multiply(a: Array, b: Array, kernel: Callable, turn_a: bool = turn_a, turn_b: bool = turn_b) -> Array:
                return kernel(a.T if turn_a else a, b.T if turn_b else b)

            exact, natural = (multiply(wide(x), wide(y), np.matmul) for x, y in ((a, b), (abs(a), abs(b))))
            compute = draw.call(multiply, a, b, kernel)
            yield Case(f"{name}, {m} × {k} × {n}, {draw.precision}", compute, [exact], [natural], tolerance)


def tensor_cores_missing(move: Move) -> str:
    """Why tensor cores cannot be checked here; "" if they can."""
    one = move(np.ones((1, 1), np.float32))
    try:
        tensor_core.tensor_core_matmul(one, one, "tf32")
    except DeviceError as error:
        return str(error)
    return ""


def cross_entropy(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Losses and gradients; a third of the rows carries no loss."""
    scale = 0.37
    for rows, vocab_size in sizes.losses:
        logits, targets = draw(rows, vocab_size, scale=5.0), draw.rng.integers(vocab_size, size=rows)
        inputs = logits, targets, np.arange(rows) % 3 != 1, scale
        losses, grad = exact = in_float64(cross_entropy_reference.cross_entropy, *inputs)
        at_target = inputs[2][:, None] * (np.arange(vocab_size) == targets[:, None])
        natural = 1 + losses, abs(grad) + 2 * scale * at_target
        compute = draw.call(cross_entropy_kernel.cross_entropy, *inputs)
        yield Case(f"{rows} × {vocab_size}, {draw.precision}", compute, exact, natural, draw.tolerance)


def gelu(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Exact and through tanh, both passes."""
    for size in sizes.elements:
        x, grad = draw(size, scale=3.0), draw(size)
        for name, function, exact_function, natural in (
            ("forward", kernel.gelu_forward, reference.gelu_forward, x),
            ("forward through tanh", kernel.gelu_tanh_forward, reference.gelu_tanh_forward, x),
            ("backward", kernel.gelu_backward, reference.gelu_backward, grad),
            ("backward through tanh", kernel.gelu_tanh_backward, reference.gelu_tanh_backward, grad),
        ):
            inputs = [x] if natural is x else [grad, x, x]  # the last one, the forward pass's output, is not read
            exact = in_float64(exact_function, *inputs)
            compute = draw.call(function, *inputs)
            yield Case(f"{name}, {size}, {draw.precision}", compute, [exact], [abs(natural)], draw.tolerance)


def bias(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Added in place, and its gradient."""

    def added(add_bias: Callable[[Array, Array], None]) -> Callable[[Array, Array], Array]:
        def result(x: Array, bias: Array) -> Array:
            add_bias(x, bias)
            return x

        return result

    for rows, width in sizes.norms:
        name = f"{rows} × {width}, {draw.precision}"
        x, row = draw(rows, width), draw(width)
        exact, natural = (in_float64(added(bias_reference.add_bias), *pair) for pair in ((x, row), (abs(x), abs(row))))
        compute = draw.call(added(bias_kernel.add_bias), x, row)
        yield Case(f"forward, {name}", compute, [exact], [natural], draw.tolerance)

        exact, natural = (in_float64(bias_reference.sum_of_rows, grad) for grad in (x, abs(x)))
        compute = draw.call(bias_kernel.sum_of_rows, x)
        yield Case(f"backward, {name}", compute, [exact], [natural], draw.tolerance)


def scatter_add(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Rows that occur several times."""
    for tokens, vocab_size, width in sizes.scatters:
        grad, rows = draw(tokens, width), draw.rng.integers(vocab_size, size=tokens)
        exact, natural = (in_float64(embedding_reference.scatter_add, g, rows, vocab_size) for g in (grad, abs(grad)))
        compute = draw.call(embedding.scatter_add, grad, rows, vocab_size)
        name = f"{tokens} of {vocab_size} × {width}, {draw.precision}"
        yield Case(name, compute, [exact], [natural], draw.tolerance)


def adamw(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """A step with weight decay, some steps in."""
    hyperparameters = AdamHyperparameters(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8, step=3, decay=0.99)

    def stepped(step: Callable[..., None]) -> Callable[..., list]:
        def results(data: Array, grad: Array, m: Array, v: Array) -> list[Array]:
            step(data, grad, m, v, hyperparameters)
            return [data, m, v]

        return results

    for size in sizes.elements:
        data, grad, m, v = draw(size), draw(size), draw(size), abs(draw(size)) + draw.dtype(0.1)
        exact = in_float64(stepped(adam_reference.adam_step), data, grad, m, v)
        of_m, new_v = 0.9 * abs(wide(m)) + 0.1 * abs(wide(grad)), exact[2]
        of_data = abs(data) + 0.1 * of_m / (1 - 0.9**3) / np.sqrt(new_v / (1 - 0.999**3))
        compute = draw.call(stepped(adam.adam_step), data, grad, m, v)
        yield Case(f"{size}, {draw.precision}", compute, exact, [of_data, of_m, new_v], draw.tolerance)


def lstm(draw: Draw, sizes: CheckSizes) -> Iterator[Case]:
    """Both passes. An LSTM has no simple natural size, so errors are relative to the largest value of each array."""
    for batch, length, d_in, size in sizes.lstms:
        name = f"B {batch}, T {length}, D {d_in}, N {size}, {draw.precision}"
        x, h0, c0 = draw(batch, length, d_in), draw(batch, size), draw(batch, size)
        weights = draw(4 * size, d_in, scale=d_in**-0.5), draw(4 * size, size, scale=size**-0.5)
        inputs = x, h0, c0, *weights, draw(4 * size)
        exact = in_float64(lstm_reference.lstm_forward, *inputs)
        compute = draw.call(lstm_kernel.lstm_forward, *inputs)
        yield Case(f"forward, {name}", compute, exact, largest(exact), draw.tolerance)

        saved = (array.astype(draw.dtype) for array in exact)
        inputs = draw(batch, length, size), x, h0, c0, *weights, *saved
        exact = in_float64(lstm_reference.lstm_backward, *inputs)
        compute = draw.call(lstm_kernel.lstm_backward, *inputs)
        yield Case(f"backward, {name}", compute, exact, largest(exact), draw.tolerance)


def largest(arrays: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """For each array its largest absolute value."""
    return [np.max(np.abs(array)) for array in arrays]
