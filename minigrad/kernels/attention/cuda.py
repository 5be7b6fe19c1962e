"""Softmax attention on a GPU: launches the kernels of `cuda.cu`, which explains how they work.

The T × S probabilities are not kept for the backward pass. It needs one number for each query, the logarithm of its
softmax's denominator, and computes the probabilities again.

Queries, keys and values are read in place, whatever their strides, if the K elements of a row are contiguous. The
memory of the outputs is (B, T, H, K), as in `cpu.py`.
"""

from math import ceil
from typing import NamedTuple

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type

SOURCE = CudaSource(__file__)

MAX_HEAD_SIZE = 128
_HEAD_SIZES = (32, 64, 128)
"""The kernels are compiled for these. A smaller head is padded with zeros while it is read."""

_FORWARD_TILES = {
    ("float", 32): (64, 32), ("float", 64): (64, 32), ("float", 128): (32, 16),
    ("double", 32): (32, 16), ("double", 64): (32, 16), ("double", 128): (16, 8),
}  # fmt: skip
_BACKWARD_TILES = {
    ("float", 32): (64, 32), ("float", 64): (32, 32), ("float", 128): (16, 16),
    ("double", 32): (16, 16), ("double", 64): (16, 16), ("double", 128): (8, 8),
}  # fmt: skip
"""The rows that a block of threads owns, and the rows of a tile: as many as fit into 48 KiB of shared memory."""

_THREADS = 64  # of a block

KERNELS = (
    *(f"attention_forward<{c}, {head}, {own}, {passing}>" for (c, head), (own, passing) in _FORWARD_TILES.items()),
    *(f"attention_grad_q<{c}, {head}, {own}, {passing}>" for (c, head), (own, passing) in _BACKWARD_TILES.items()),
    *(f"attention_grad_kv<{c}, {head}, {own}, {passing}>" for (c, head), (own, passing) in _BACKWARD_TILES.items()),
)


class Saved(NamedTuple):
    """What the backward pass needs besides q, k and v."""

    out: Array
    """(B, H, T, K)."""
    log_sum: Array
    """(B, H, T): the logarithm of softmax's denominator; infinity if a query may attend to nothing."""
    mask: Array | None
    bias: Array | None
    causal: bool


def attention_forward(
    q: Array, k: Array, v: Array, mask: Array | None, bias: Array | None, causal: bool, scale: float
) -> tuple[Array, Saved]:
    """The output, and what the backward pass needs. For float32 and float64, and bfloat16 on tensor cores.

    Raises:
        ValueError: if the head size is above MAX_HEAD_SIZE.
        TypeError: if the dtypes of q, k, v and bias differ, or there are no kernels for them.
        DeviceError: for bfloat16, if the GPU is too old for it.
    """
    c, head = _compiled_for(q, k, v, *(() if bias is None else (bias,)))
    if c == "bfloat16":
        from minigrad.kernels.attention import tensor_core

        return tensor_core.attention_forward(q, k, v, mask, bias, causal, scale)
    own, passing = _FORWARD_TILES[c, head]
    saved = Saved(heads_side_by_side(q), np.empty_like(q, shape=q.shape[:3], order="C"), mask, bias, causal)
    kernel = f"attention_forward<{c}, {head}, {own}, {passing}>"
    launch_forward(SOURCE, kernel, own, _THREADS, q, k, v, saved, scale)
    return saved.out, saved


def attention_backward(
    grad: Array, q: Array, k: Array, v: Array, saved: Saved, scale: float
) -> tuple[Array, Array, Array, Array | None]:
    """The gradients of q, k, v, and of the scores (B, H, T, S) if there was a bias. Else the last is None: the kernels
    never write the scores to memory.

    Raises:
        TypeError: if the dtype of grad is not that of q.
    """
    c, head = _compiled_for(q, grad)
    if c == "bfloat16":
        from minigrad.kernels.attention import tensor_core

        return tensor_core.attention_backward(grad, q, k, v, saved, scale)
    own, passing = _BACKWARD_TILES[c, head]
    kernels = [f"{kernel}<{c}, {head}, {own}, {passing}>" for kernel in ("attention_grad_q", "attention_grad_kv")]
    return launch_backward(SOURCE, kernels, own, _THREADS, grad, q, k, v, saved, scale)


def _compiled_for(q: Array, *others: Array) -> tuple[str, int]:
    """The element type of the arrays, and the head size of the kernels for them."""
    if q.shape[-1] > MAX_HEAD_SIZE:
        raise ValueError(f"the CUDA kernels of attention take heads of up to {MAX_HEAD_SIZE}, got K = {q.shape[-1]}")
    head = next(size for size in _HEAD_SIZES if q.shape[-1] <= size)
    if all(array.dtype.name == "bfloat16" for array in (q, *others)):  # by name: NumPy itself has no such dtype
        return "bfloat16", head
    return c_type(q, *others), head


def launch_forward(
    source: CudaSource, kernel: str, own: int, threads: int, q: Array, k: Array, v: Array, saved: Saved, scale: float
) -> None:
    """Fill `saved.out` and `saved.log_sum`. Each block of `threads` threads owns `own` rows."""
    arguments = *_rows(q, k, v), *_mask_and_bias(q, saved), saved.out.swapaxes(1, 2), saved.log_sum
    source.launch(kernel, _n_blocks(q, own), threads, *arguments, *_numbers(q, k, saved, scale))


def launch_backward(
    source: CudaSource,
    kernels: list[str],
    own: int,
    threads: int,
    grad: Array,
    q: Array,
    k: Array,
    v: Array,
    saved: Saved,
    scale: float,
) -> tuple[Array, Array, Array, Array | None]:
    """The gradients of q, k, v, and of the scores if there is a bias, from a kernel for queries and one for keys."""
    grads = [heads_side_by_side(x) for x in (q, k, v)]
    scores_shape = () if saved.bias is None else (*q.shape[:3], k.shape[2])
    grad_scores = np.zeros_like(q, shape=scores_shape, order="C")  # without a bias, nothing is written to it
    delta = np.empty_like(saved.log_sum)  # (B, H, T): the first kernel computes it, and both need it
    outputs = delta, *(x.swapaxes(1, 2) for x in grads), grad_scores
    for kernel, owned in zip(kernels, (q, k), strict=True):
        arguments = *_rows(q, k, v, grad), *_mask_and_bias(q, saved), saved.out.swapaxes(1, 2), saved.log_sum, *outputs
        source.launch(kernel, _n_blocks(owned, own), threads, *arguments, *_numbers(q, k, saved, scale))
    grad_q, grad_k, grad_v = grads
    return grad_q, grad_k, grad_v, None if saved.bias is None else grad_scores


def heads_side_by_side(x: Array) -> Array:
    """An array for (B, H, T, K) whose memory is (B, T, H, K)."""
    batch, heads, length, size = x.shape
    return np.empty_like(x, shape=(batch, length, heads, size), order="C").swapaxes(1, 2)


def _n_blocks(x: Array, own: int) -> int:
    batch, heads, length, _ = x.shape
    return batch * heads * ceil(length / own)


def _rows(*arrays: Array) -> tuple[Array | np.int64, ...]:
    """Arrays (B, H, T, K) as a kernel takes them: the first row, for its address, then the strides of B, H and T."""
    arguments = []
    for x in arrays:
        if x.shape[-1] > 1 and x.strides[-1] != x.itemsize:
            x = x.copy(order="C")
        arguments += [x[:1, :1, :1], *(np.int64(stride // x.itemsize) for stride in x.strides[:3])]
    return tuple(arguments)


def _mask_and_bias(q: Array, saved: Saved) -> tuple[Array | np.generic, ...]:
    """As a kernel takes them: the first element, whether there is a mask or bias at all, and four strides. The stride
    of an axis of length 1 is 0, which broadcasts it."""
    arguments = []
    for x, dtype in ((saved.mask, np.dtype(np.bool_)), (saved.bias, q.dtype)):
        if x is None:
            arguments += [np.empty_like(q, shape=1, dtype=dtype), np.int32(False), *[np.int64(0)] * 4]
            continue
        x = x.astype(dtype, copy=False)
        strides = (0 if n == 1 else stride // x.itemsize for n, stride in zip(x.shape, x.strides, strict=True))
        arguments += [x[:1, :1, :1, :1], np.int32(True), *map(np.int64, strides)]
    return tuple(arguments)


def _numbers(q: Array, k: Array, saved: Saved, scale: float) -> tuple[np.generic, ...]:
    _, n_heads, n_queries, head_size = q.shape
    sizes = n_heads, n_queries, k.shape[2], head_size, saved.causal
    return (*map(np.int32, sizes), saved.log_sum.dtype.type(scale))
