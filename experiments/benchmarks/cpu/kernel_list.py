"""The measured kernels: their shapes, and the least memory traffic or operations of each.

This module has only numbers, so that every contender can import it.
"""

from dataclasses import dataclass

import numpy as np

from experiments.benchmarks.cpu.sizes import Size

BYTES = 4  # of a float32


@dataclass(frozen=True)
class Kernel:
    """A line of the table.

    Attributes:
        amount: the least that any implementation must do in a call: 10⁹ bytes of memory traffic, inputs and outputs
            once each, or 10⁹ operations if these take longer.
        unit: `GB` or `GFLOP`.
    """

    name: str
    shape: str
    amount: float
    unit: str = "GB"


def kernels(size: Size) -> list[Kernel]:
    """Forward and backward pass of each kernel; the optimizer and the bare matrix products have one pass."""
    b, t, d, h, k = size.batch_size, size.length, size.d_model, size.n_heads, size.head_size
    n, f, v = b * t, 4 * size.d_model, size.vocab_size
    # Forward reads x and writes y; backward reads the gradient and x, and writes another gradient.
    elementwise = 5 * BYTES / 1e9
    bytes_moved = [
        Kernel("layer_norm", f"({n}, {d})", elementwise * n * d),
        Kernel("rms_norm", f"({n}, {d})", elementwise * n * d),
        Kernel("gelu_tanh", f"({n}, {f})", elementwise * n * f),
        Kernel("gelu", f"({n}, {f})", elementwise * n * f),
        Kernel("cross_entropy", f"({n}, {v})", 2 * n * v * BYTES / 1e9),
        Kernel("embedding", f"({n},) of ({v}, {d})", (3 * n * d + v * d) * BYTES / 1e9),
        Kernel("dropout", f"({n}, {d})", 4 * n * d * BYTES / 1e9),
        # The norm reads gradients. The step reads gradients, and reads and writes weights and two moments.
        Kernel("clip + AdamW", f"{parameters(size):,} weights", 8 * parameters(size) * BYTES / 1e9),
    ]
    operations = [
        Kernel("causal attention", f"({b}, {h}, {t}, {k})", 6 * 2 * b * h * t * t * k / 1e9, "GFLOP"),
        Kernel("LSTM layer", f"({b}, {t}, {d})", 3 * 2 * n * 8 * d * d / 1e9, "GFLOP"),
    ]
    products = [
        Kernel(matmul_name(m, k, n), f"({m}, {k}) · ({k}, {n})", 2 * m * k * n / 1e9, "GFLOP")
        for m, k, n in matmuls(size)
    ]
    return bytes_moved + operations + products


def parameters(size: Size) -> int:
    """The number of parameters of a GPT."""
    d = size.d_model
    return (size.vocab_size + size.length) * d + size.n_layers * (12 * d * d + 13 * d) + 2 * d


def matmuls(size: Size) -> list[tuple[int, int, int]]:
    """M, K, N: the projections, both layers of feed-forward, the output layer; and the scores of one head."""
    n, d = size.batch_size * size.length, size.d_model
    of_layers = [(n, d, d), (n, d, 4 * d), (n, 4 * d, d), (n, d, size.vocab_size)]
    return [*of_layers, (size.length, size.head_size, size.length)]


def matmul_name(m: int, k: int, n: int) -> str:
    """A product's name among the works."""
    return f"matmul {m}·{k}·{n}"


def values(*shape: int, seed: int = 0) -> np.ndarray:
    """Float32 values from the standard normal distribution."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def token_ids(size: Size) -> np.ndarray:
    """Random ids, (B · T,)."""
    return np.random.default_rng(0).integers(size.vocab_size, size=size.batch_size * size.length)
