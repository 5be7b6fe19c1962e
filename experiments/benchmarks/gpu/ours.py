"""Our kernels as works: for each kind of line, a function that creates the arrays and returns a call of the kernel.

Each takes `move`, which moves an array to the device of the kernels, so that everything can also run on the host.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from experiments.benchmarks.cpu import models
from experiments.benchmarks.cpu.sizes import Size, batch
from experiments.benchmarks.gpu.checking import to_bfloat16
from experiments.benchmarks.gpu.lines import Line
from experiments.benchmarks.passes import attention_passes
from minigrad.array_type import Array
from minigrad.kernels.adam import AdamHyperparameters
from minigrad.kernels.adam import cuda as adam
from minigrad.kernels.attention import cuda as attention
from minigrad.kernels.attention import tensor_core as attention_bf16
from minigrad.kernels.bias import cuda as bias_kernel
from minigrad.kernels.cross_entropy import cuda as cross_entropy
from minigrad.kernels.embedding import cuda as embedding
from minigrad.kernels.gelu import cuda as gelu
from minigrad.kernels.layernorm import cuda as layernorm
from minigrad.kernels.matmul import cuda as matmul
from minigrad.kernels.matmul import tensor_core

Work = Callable[[], object]
Move = Callable[[np.ndarray], Array]

EPS = 1e-5
ATTENTIONS = {"float32": attention, "bf16": attention_bf16}


def kernel(line: Line, move: Move) -> Work:
    """The work of a line of `lines.kernels`."""
    return KERNELS[line.kind](move, **line.arguments)


def values(move: Move, *shape: int, precision: str = "float32") -> Array:
    """Normally distributed numbers in float32; for "bf16" the bits of bfloat16.

    A million numbers are repeated, because drawing more on the host would take longer than the benchmark.
    """
    size = math.prod(shape)
    some = np.random.default_rng(0).standard_normal(min(size, 2**20), dtype=np.float32)
    period = move(to_bfloat16(some) if precision == "bf16" else some)
    repeated = np.empty_like(period, shape=(-(-size // len(period)), len(period)))
    repeated[...] = period
    return repeated.reshape(-1)[:size].reshape(shape)


def ids(move: Move, vocab_size: int, size: int) -> Array:
    """Random token ids."""
    return move(np.random.default_rng(0).integers(vocab_size, size=size))


def layer_norm_forward(move: Move, rows: int, width: int) -> Work:
    x, weight, bias = values(move, rows, width), values(move, width), values(move, width)
    return partial(layernorm.layernorm_forward, x, weight, bias, EPS)


def layer_norm_backward(move: Move, rows: int, width: int) -> Work:
    x, grad, weight = values(move, rows, width), values(move, rows, width), values(move, width)
    _, mean, rstd = layernorm.layernorm_forward(x, weight, weight, EPS)
    return partial(layernorm.layernorm_backward, grad, x, weight, mean, rstd)


def rms_norm_forward(move: Move, rows: int, width: int) -> Work:
    return partial(layernorm.rmsnorm_forward, values(move, rows, width), values(move, width), EPS)


def rms_norm_backward(move: Move, rows: int, width: int) -> Work:
    x, grad, weight = values(move, rows, width), values(move, rows, width), values(move, width)
    _, rstd = layernorm.rmsnorm_forward(x, weight, EPS)
    return partial(layernorm.rmsnorm_backward, grad, x, weight, rstd)


def attention_forward(move: Move, heads: int, length: int, head_size: int, causal: int, precision: str) -> Work:
    q, k, v = (values(move, 1, heads, length, head_size, precision=precision) for _ in range(3))
    return partial(ATTENTIONS[precision].attention_forward, q, k, v, None, None, bool(causal), head_size**-0.5)


def attention_both(move: Move, heads: int, length: int, head_size: int, causal: int, precision: str) -> Work:
    q, k, v, grad = (values(move, 1, heads, length, head_size, precision=precision) for _ in range(4))
    kernel, scale = ATTENTIONS[precision], head_size**-0.5

    def work() -> object:
        return attention_passes(kernel, q, k, v, grad, None, None, bool(causal), scale)[1:]  # the gradients

    return work


def product(move: Move, m: int, k: int, n: int, precision: str, ours: str) -> Work:
    a, b = values(move, m, k, precision=precision), values(move, k, n, precision=precision)
    if precision == "float32":
        return partial(matmul.tiled_matmul if ours == "tiled" else matmul.blocked_matmul, a, b)
    if precision == "bf16":
        import ml_dtypes

        a, b = a.view(ml_dtypes.bfloat16), b.view(ml_dtypes.bfloat16)
    return partial(tensor_core.tensor_core_matmul, a, b, precision.lower())


def cross_entropy_and_gradient(move: Move, rows: int, vocab_size: int) -> Work:
    logits, targets, counts = values(move, rows, vocab_size), ids(move, vocab_size, rows), move(np.ones(rows, bool))
    return partial(cross_entropy.cross_entropy, logits, targets, counts, 1 / rows)


def gelu_forward(move: Move, size: int) -> Work:
    return partial(gelu.gelu_tanh_forward, values(move, size))


def gelu_backward(move: Move, size: int) -> Work:
    x = values(move, size)
    return partial(gelu.gelu_tanh_backward, values(move, size), x, gelu.gelu_tanh_forward(x))


def bias_forward(move: Move, rows: int, width: int) -> Work:
    x, bias = values(move, rows, width), values(move, width)

    def work() -> object:
        bias_kernel.add_bias(x, bias)
        return x

    return work


def bias_backward(move: Move, rows: int, width: int) -> Work:
    return partial(bias_kernel.sum_of_rows, values(move, rows, width))


def embedding_backward(move: Move, rows: int, vocab_size: int, width: int) -> Work:
    return partial(embedding.scatter_add, values(move, rows, width), ids(move, vocab_size, rows), vocab_size)


def adamw(move: Move, size: int) -> Work:
    data, grad, m = (values(move, size) for _ in range(3))
    v = np.ones_like(data)
    hyperparameters = AdamHyperparameters(lr=1e-4, beta1=0.9, beta2=0.999, eps=1e-8, step=10, decay=1 - 1e-6)
    return partial(adam.adam_step, data, grad, m, v, hyperparameters)


KERNELS: dict[str, Callable[..., Work]] = {
    "layer norm forward": layer_norm_forward,
    "layer norm backward": layer_norm_backward,
    "RMS norm forward": rms_norm_forward,
    "RMS norm backward": rms_norm_backward,
    "attention forward": attention_forward,
    "attention both passes": attention_both,
    "matmul": product,
    "cross-entropy": cross_entropy_and_gradient,
    "GELU, forward": gelu_forward,
    "GELU, backward": gelu_backward,
    "bias, forward": bias_forward,
    "bias, backward": bias_backward,
    "embedding, backward": embedding_backward,
    "AdamW": adamw,
}


def training_step(size: Size, device: str) -> Callable[[], float]:
    """A GPT's training step on `device`, "cpu" or "cuda": forward, backward, clipping, AdamW. It returns the loss."""
    model, arrays = models.build("gpt", size).to(device), batch("gpt", size)
    return models.stepping(model, models.whole_batch(model, arrays))


def copy(cupy: Any, size: int) -> Work:
    """A copy on the card by the driver."""
    source, target = cupy.ones(size, np.float32), cupy.empty(size, np.float32)

    def work() -> None:
        target.data.copy_from_device(source.data, source.nbytes)  # cudaMemcpy

    return work
