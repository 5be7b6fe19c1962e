"""The floor: the matrix products of a training step, and nothing else, in the BLAS that NumPy brings.

Which products a step has follows from the configuration: for each product in the forward pass, the backward pass has
one for the gradient of each of its two operands. They are computed here into arrays that are allocated beforehand. Each
layer has arrays of its own, as in training: the weights, and what the backward pass needs again, cannot all stay in the
cache. Only the gradients of activations, which training frees at once, share theirs.

Causal attention is counted in full, each query with all keys. Our kernel skips products that the mask would discard, so
a decoder's step can take less time than this floor.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.benchmarks.cpu.generation_list import task_from
from experiments.benchmarks.cpu.sizes import Size

Shape = tuple[int, ...]
Product = tuple[Shape, Shape]
Operands = tuple[np.ndarray, np.ndarray, np.ndarray]  # a, b, and where a · b goes


@dataclass(frozen=True)
class Linear:
    """y = x Wᵀ with x (N, in) and W (out, in)."""

    rows: int
    n_in: int
    n_out: int

    def products(self) -> list[Product]:
        """Forward; then the gradients of x and of W."""
        n, i, o = self.rows, self.n_in, self.n_out
        return [((n, i), (i, o)), ((n, o), (o, i)), ((o, n), (n, i))]

    def operands(self, arrays: "Arrays") -> list[Operands]:
        """The same, with arrays."""
        x, weight, y = (
            arrays.own(self.rows, self.n_in),
            arrays.own(self.n_out, self.n_in),
            arrays.own(self.rows, self.n_out),
        )
        grad_x, grad_y = arrays.shared("x", self.rows, self.n_in), arrays.shared("y", self.rows, self.n_out)
        return [(x, weight.T, y), (grad_y, weight, grad_x), (grad_y.T, x, arrays.own(self.n_out, self.n_in))]


@dataclass(frozen=True)
class Attention:
    """softmax(Q Kᵀ) V with Q (B, H, T, K), K and V (B, H, S, K)."""

    batch: int
    heads: int
    queries: int
    keys: int
    head_size: int

    def products(self) -> list[Product]:
        """The scores, and the weighted values; then the gradients of V, of the weights, of Q and of K."""
        b, h, t, s, k = self.batch, self.heads, self.queries, self.keys, self.head_size
        q, kt, weights = (b, h, t, k), (b, h, k, s), (b, h, t, s)
        transposed, v = (b, h, s, t), (b, h, s, k)
        return [(q, kt), (weights, v), (transposed, q), (q, kt), (weights, v), (transposed, q)]

    def operands(self, arrays: "Arrays") -> list[Operands]:
        """The same, with arrays. Heads are views of (B, T, H · K), the layout of the linear layers before and after."""
        t, s = (
            (self.batch, self.queries, self.heads, self.head_size),
            (self.batch, self.keys, self.heads, self.head_size),
        )
        score_shape = (self.batch, self.heads, self.queries, self.keys)
        q, k, v, out = (arrays.own(*shape).swapaxes(1, 2) for shape in (t, s, s, t))
        grad_q, grad_k, grad_v, grad = (arrays.own(*shape).swapaxes(1, 2) for shape in (t, s, s, t))
        weights, grad_weights = arrays.own(*score_shape), arrays.shared("weights", *score_shape)
        return [
            (q, k.swapaxes(2, 3), weights),
            (weights, v, out),
            (weights.swapaxes(2, 3), grad, grad_v),
            (grad, v.swapaxes(2, 3), grad_weights),
            (grad_weights, k, grad_q),
            (grad_weights.swapaxes(2, 3), q, grad_k),
        ]


Layer = Linear | Attention


class Arrays:
    """Random arrays: each its own, or one that is shared by all requests for the same use and shape."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(0)
        self.common: dict[tuple[str, Shape], np.ndarray] = {}

    def own(self, *shape: int) -> np.ndarray:
        return self.generator.standard_normal(shape, dtype=np.float32)

    def shared(self, use: str, *shape: int) -> np.ndarray:
        if (use, shape) not in self.common:
            self.common[use, shape] = self.own(*shape)
        return self.common[use, shape]


# -- which layers a model has -----------------------------------------------------------------------


def layers(model: str, size: Size) -> list[Layer]:
    """Every layer with matrix products of a GPT, BERT or T5, in the order of the forward pass."""
    return {"gpt": gpt, "bert": bert, "t5": t5}[model](size)


def gpt(size: Size) -> list[Layer]:
    """Blocks, and the output layer."""
    n = size.batch_size * size.length
    return [*blocks(size, size.length), Linear(n, size.d_model, size.vocab_size)]


def bert(size: Size) -> list[Layer]:
    """Blocks; the masked-LM head on the hidden tokens alone; the pooler and the next-sentence head on [CLS]."""
    d, n_masked = size.d_model, size.batch_size * size.n_masked
    masked_lm = [Linear(n_masked, d, d), Linear(n_masked, d, size.vocab_size)]
    return [*blocks(size, size.length), *masked_lm, Linear(size.batch_size, d, d), Linear(size.batch_size, d, 2)]


def t5(size: Size) -> list[Layer]:
    """The encoder's blocks, the decoder's with their attention to the encoder, and the output layer."""
    n = size.batch_size * size.decoder_length
    decoder: list[Layer] = []
    for _ in range(size.n_layers):
        decoder += [
            *attention(size, size.decoder_length, size.decoder_length),
            *attention(size, size.decoder_length, size.length),
            *feed_forward(size, size.decoder_length),
        ]
    return [*blocks(size, size.length), *decoder, Linear(n, size.d_model, size.vocab_size)]


def blocks(size: Size, length: int) -> list[Layer]:
    """All blocks of one stack."""
    return size.n_layers * [*attention(size, length, length), *feed_forward(size, length)]


def attention(size: Size, queries: int, keys: int) -> list[Layer]:
    """Projections to queries, keys and values; attention; the projection back."""
    b, d = size.batch_size, size.d_model
    of_queries, of_keys = Linear(b * queries, d, d), Linear(b * keys, d, d)
    return [of_queries, of_keys, of_keys, Attention(b, size.n_heads, queries, keys, size.head_size), of_queries]


def feed_forward(size: Size, length: int) -> list[Layer]:
    """Up and down."""
    n, d = size.batch_size * length, size.d_model
    return [Linear(n, d, 4 * d), Linear(n, 4 * d, d)]


# -- the contenders ---------------------------------------------------------------------------------


def prepare(model: str, size: dict[str, Any], threads: int = 1) -> dict[str, Callable[[], object]]:
    """All products of a step. Several Python threads split the batch, each with its own results; set
    `OPENBLAS_NUM_THREADS=1` for them."""
    whole = Size(**size)
    share, left = divmod(whole.batch_size, threads)
    parts = [products_of(model, replace(whole, batch_size=share + (part < left))) for part in range(threads)]
    if threads == 1:
        return {"step": parts[0]}
    pool = ThreadPoolExecutor(threads)

    def step() -> None:
        for done in [pool.submit(part) for part in parts]:
            done.result()

    return {"step": step}


def products_of(model: str, size: Size) -> Callable[[], None]:
    """The forward products of all layers, then the backward products from the last layer to the first."""
    arrays = Arrays()
    forward, backward = [], []
    for layer in layers(model, size):
        n_forward = 1 if isinstance(layer, Linear) else 2
        operands = layer.operands(arrays)
        forward += operands[:n_forward]
        backward.append(operands[n_forward:])
    ordered = forward + [triple for operands in reversed(backward) for triple in operands]

    def step() -> None:
        for a, b, out in ordered:
            np.matmul(a, b, out=out)

    return step


def prepare_vectors(task: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """The limit of generation: for each new token, the products of a GPT's matrices with one vector.

    Each weight is used once per token, so the time is that of reading the weights from memory. Attention's reads of
    cached keys and values are left out.
    """
    text = task_from(task)
    arrays, alone = Arrays(), replace(text.size, batch_size=1, length=1)
    linears = [layer for layer in gpt(alone) if isinstance(layer, Linear)]
    triples = [(arrays.own(one.n_out, one.n_in), arrays.own(one.n_in), arrays.own(one.n_out)) for one in linears]

    def write() -> None:
        for _ in range(text.new_tokens):
            for weight, x, y in triples:
                np.matmul(weight, x, out=y)

    return {text.name: write}
