"""PyTorch's ops one by one, on one core: the same works as in `kernels.py`."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.benchmarks.cpu import torch_twins
from experiments.benchmarks.cpu.kernel_list import matmul_name, matmuls, token_ids, values
from experiments.benchmarks.cpu.sizes import Size
from experiments.benchmarks.passes import both_passes

Work = Callable[[], Any]


def prepare(size: dict[str, Any]) -> dict[str, Work]:
    """A work for each kernel."""
    torch.set_num_threads(1)
    whole = Size(**size)
    return works(whole) | {matmul_name(*shape): matmul_work(*shape) for shape in matmuls(whole)}


def works(size: Size) -> dict[str, Work]:
    """Every kernel but the matrix products."""
    batch, length, d = size.batch_size, size.length, size.d_model
    rows, shape = batch * length, (size.d_model,)
    weight, bias = leaf(d), leaf(d)
    table, ids = leaf(size.vocab_size, d), torch.from_numpy(token_ids(size))
    q, k, v = (leaf(batch, length, size.n_heads, size.head_size) for _ in range(3))
    sequences, lstm = leaf(batch, length, d), nn.LSTM(d, d, batch_first=True)
    x, up, logits = leaf(rows, d), leaf(rows, 4 * d), leaf(rows, size.vocab_size)
    attention = functional.scaled_dot_product_attention
    return {
        "layer_norm": both(lambda: functional.layer_norm(x, shape, weight, bias), x, weight, bias),
        "rms_norm": both(lambda: functional.rms_norm(x, shape, weight), x, weight),
        "gelu_tanh": both(lambda: functional.gelu(up, approximate="tanh"), up),
        "gelu": both(lambda: functional.gelu(up), up),
        "cross_entropy": both(lambda: functional.cross_entropy(logits, ids), logits),
        "embedding": both(lambda: functional.embedding(ids, table), table),
        "dropout": both(lambda: functional.dropout(x, 0.1), x),
        "clip + AdamW": optimizer_work(size),
        "causal attention": both(
            lambda: attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), is_causal=True), q, k, v
        ),
        "LSTM layer": both(lambda: lstm(sequences)[0], sequences, *lstm.parameters()),
    }


def leaf(*shape: int) -> Tensor:
    """Random values that receive a gradient."""
    return torch.from_numpy(values(*shape)).requires_grad_()


def both(forward: Callable[[], Tensor], *leaves: Tensor) -> Work:
    """Both passes, from a random gradient of the output."""
    return both_passes(forward, torch.from_numpy(values(*forward().shape, seed=1)), leaves)


def optimizer_work(size: Size) -> Work:
    """Clipping and AdamW over a GPT's weights."""
    model = torch_twins.build("gpt", size)
    for parameter in model.parameters():
        parameter.grad = torch.from_numpy(values(*parameter.shape))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def work() -> None:
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return work


def matmul_work(m: int, k: int, n: int) -> Work:
    """One product of two matrices."""
    a, b = torch.from_numpy(values(m, k)), torch.from_numpy(values(k, n))

    def work() -> None:
        torch.matmul(a, b)

    return work
