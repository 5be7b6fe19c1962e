"""Our kernels one by one, each through its op: a forward and a backward pass.

All run on one core, and so do PyTorch's: in data-parallel training each thread has one core and serial kernels.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.benchmarks.cpu import models
from experiments.benchmarks.cpu.kernel_list import matmul_name, matmuls, token_ids, values
from experiments.benchmarks.cpu.sizes import Size
from experiments.benchmarks.passes import both_passes
from minigrad import Tensor, ops, optim, use_kernels
from minigrad.kernels.matmul.cpu import tiled_matmul

Work = Callable[[], object]


def prepare(size: dict[str, Any], reference: bool) -> dict[str, Work]:
    """A work for each kernel: the fast one, or the reference in NumPy.

    Among the matrix products "fast" is our tiled kernel, and the reference NumPy's BLAS.
    """
    use_kernels("reference" if reference else "fast")
    whole = Size(**size)
    product = np.matmul if reference else tiled_matmul
    return works(whole) | {matmul_name(*shape): matmul_work(product, *shape) for shape in matmuls(whole)}


def works(size: Size) -> dict[str, Work]:
    """Every kernel but the matrix products."""
    batch, length, d = size.batch_size, size.length, size.d_model
    rows, wide = batch * length, 4 * d
    weight, bias = leaf(d), leaf(d)
    table, ids = leaf(size.vocab_size, d), token_ids(size)
    generator = np.random.default_rng(0)
    q, k, v = (leaf(batch, length, size.n_heads, size.head_size) for _ in range(3))
    in_out = (4 * d, d)
    lstm = [leaf(batch, length, d), leaf(*in_out, scale=0.1), leaf(*in_out, scale=0.1), leaf(4 * d)]
    x, up, logits, state = leaf(rows, d), leaf(rows, wide), leaf(rows, size.vocab_size), values(batch, d)
    return {
        "layer_norm": both(lambda: ops.layer_norm(x, weight, bias), x, weight, bias),
        "rms_norm": both(lambda: ops.rms_norm(x, weight), x, weight),
        "gelu_tanh": both(lambda: ops.gelu_tanh(up), up),
        "gelu": both(lambda: ops.gelu(up), up),
        "cross_entropy": both(lambda: ops.cross_entropy(logits, ids), logits),
        "embedding": both(lambda: ops.embedding(ids, table), table),
        "dropout": both(lambda: ops.dropout(x, 0.1, generator), x),
        "clip + AdamW": optimizer_work(size),
        "causal attention": both(
            lambda: ops.attention(q.swapaxes(1, 2), k.swapaxes(1, 2), v.swapaxes(1, 2), causal=True), q, k, v
        ),
        "LSTM layer": both(lambda: ops.lstm(lstm[0], state, state, *lstm[1:])[0], *lstm),
    }


def leaf(*shape: int, scale: float = 1.0) -> Tensor:
    """Random values that receive a gradient."""
    return Tensor(np.float32(scale) * values(*shape), requires_grad=True)


def both(forward: Callable[[], Tensor], *leaves: Tensor) -> Work:
    """Both passes, from a random gradient of the output."""
    return both_passes(forward, values(*forward().shape, seed=1), leaves)


def optimizer_work(size: Size) -> Work:
    """Clipping and AdamW over a GPT's weights."""
    model = models.build("gpt", size)
    for parameter in model.parameters():
        parameter.grad = values(*parameter.shape)
    optimizer = optim.AdamW(model.parameters(), lr=1e-4)

    def work() -> None:
        optim.clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()

    return work


def matmul_work(product: Callable[..., np.ndarray], m: int, k: int, n: int) -> Work:
    """One product of two matrices."""
    a, b = values(m, k), values(k, n)

    def work() -> None:
        product(a, b)

    return work
