"""Softmax attention on a GPU: launches the kernels of `cuda.cu`, which say how it works.

What the backward pass needs is not the T × S probabilities but one number for each query, the logarithm of what its
softmax divides by; from it the kernels compute the probabilities again.

Queries, keys and values are read where they are, whatever their strides, as long as the K numbers of a row stand side
by side. What goes out is laid out in memory as (B, T, H, K), as in `cpu.py`.
"""

from typing import NamedTuple

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type

SOURCE = CudaSource(__file__)

MAX_HEAD_SIZE = 128
_HEAD_SIZES = (32, 64, 128)
"""The kernels are compiled for these; a smaller head is filled up with zeros while it is read."""

_FORWARD_TILES = {
    ("float", 32): (64, 32), ("float", 64): (64, 32), ("float", 128): (32, 16),
    ("double", 32): (32, 16), ("double", 64): (32, 16), ("double", 128): (16, 8),
}  # fmt: skip
_BACKWARD_TILES = {
    ("float", 32): (64, 32), ("float", 64): (32, 32), ("float", 128): (16, 16),
    ("double", 32): (16, 16), ("double", 64): (16, 16), ("double", 128): (8, 8),
}  # fmt: skip
"""Rows that a block of threads owns, and rows that pass by at a time: what 48 KiB of shared memory have room for."""

_THREADS = 64  # of a block

KERNELS = (
    *(f"attention_forward<{c}, {head}, {own}, {passing}>" for (c, head), (own, passing) in _FORWARD_TILES.items()),
    *(f"attention_grad_q<{c}, {head}, {own}, {passing}>" for (c, head), (own, passing) in _BACKWARD_TILES.items()),
    *(f"attention_grad_kv<{c}, {head}, {own}, {passing}>" for (c, head), (own, passing) in _BACKWARD_TILES.items()),
)


class Saved(NamedTuple):
    """What the backward pass needs beside q, k and v."""

    out: Array
    """(B, H, T, K)."""
    log_sum: Array
    """(B, H, T): log Σ_s e^score, or infinity where a query may attend to nothing."""
    mask: Array | None
    bias: Array | None
    causal: bool


def attention_forward(
    q: Array, k: Array, v: Array, mask: Array | None, bias: Array | None, causal: bool, scale: float
) -> tuple[Array, Saved]:
    """The output, and what the backward pass needs.

    Raises:
        ValueError: if the head size is above MAX_HEAD_SIZE.
        TypeError: if the dtypes of q, k, v and bias differ, or there are no kernels for them.
    """
    n_batch, n_heads, n_queries, _ = q.shape
    kernel_type, head = _compiled_for(q, k, v, bias)
    own, passing = _FORWARD_TILES[kernel_type, head]
    out = _heads_side_by_side(q)
    log_sum = np.empty_like(q, shape=(n_batch, n_heads, n_queries), order="C")
    SOURCE.launch(
        f"attention_forward<{kernel_type}, {head}, {own}, {passing}>",
        n_batch * n_heads * _ceil_div(n_queries, own),
        _THREADS,
        *_strided(q),
        *_strided(k),
        *_strided(v),
        *_broadcast(mask, q, np.bool_),
        *_broadcast(bias, q, q.dtype),
        out.swapaxes(1, 2),
        log_sum,
        *_sizes(q, k),
        np.int32(causal),
        q.dtype.type(scale),
    )
    return out, Saved(out, log_sum, mask, bias, causal)


def attention_backward(
    grad: Array, q: Array, k: Array, v: Array, saved: Saved, scale: float
) -> tuple[Array, Array, Array, Array | None]:
    """The gradients of q, k, v, and of the scores if the forward pass had a bias.

    Raises:
        TypeError: if the dtype of grad is another than that of q.
    """
    (n_batch, n_heads, n_queries, _), n_keys = q.shape, k.shape[2]
    kernel_type, head = _compiled_for(q, grad)
    own, passing = _BACKWARD_TILES[kernel_type, head]
    grad_q, grad_k, grad_v = (_heads_side_by_side(x) for x in (q, k, v))
    shape = n_batch, n_heads, n_queries, n_keys
    grad_scores = None if saved.bias is None else np.zeros_like(q, shape=shape, order="C")
    delta = np.empty_like(saved.log_sum)  # which the first kernel computes and the second needs too
    inputs = (
        *_strided(q),
        *_strided(k),
        *_strided(v),
        *_strided(grad),
        *_broadcast(saved.mask, q, np.bool_),
        *_broadcast(saved.bias, q, q.dtype),
    )
    numbers = (*_sizes(q, k), np.int32(saved.causal), q.dtype.type(scale))
    SOURCE.launch(
        f"attention_grad_q<{kernel_type}, {head}, {own}, {passing}>",
        n_batch * n_heads * _ceil_div(n_queries, own),
        _THREADS,
        *inputs,
        saved.out.swapaxes(1, 2),
        saved.log_sum,
        grad_q.swapaxes(1, 2),
        delta,
        delta if grad_scores is None else grad_scores,  # without a bias nothing is written there
        *numbers,
    )
    SOURCE.launch(
        f"attention_grad_kv<{kernel_type}, {head}, {own}, {passing}>",
        n_batch * n_heads * _ceil_div(n_keys, own),
        _THREADS,
        *inputs,
        saved.log_sum,
        delta,
        grad_k.swapaxes(1, 2),
        grad_v.swapaxes(1, 2),
        *numbers,
    )
    return grad_q, grad_k, grad_v, grad_scores


def _compiled_for(q: Array, *others: Array | None) -> tuple[str, int]:
    """The element type and the head size of the kernels for these arrays."""
    if q.shape[-1] > MAX_HEAD_SIZE:
        raise ValueError(f"the CUDA kernels of attention take heads of up to {MAX_HEAD_SIZE}, got K = {q.shape[-1]}")
    kernel_type = c_type(q, *(other for other in others if other is not None))
    return kernel_type, next(size for size in _HEAD_SIZES if q.shape[-1] <= size)


def _ceil_div(n: int, size: int) -> int:
    return -(-n // size)


def _heads_side_by_side(x: Array) -> Array:
    """An array for (B, H, T, K) whose memory is (B, T, H, K)."""
    batch, heads, length, size = x.shape
    return np.empty_like(x, shape=(batch, length, heads, size), order="C").swapaxes(1, 2)


def _strided(x: Array) -> tuple[Array | np.int64, ...]:
    """An array (B, H, T, K) as a kernel takes it: its first row, for the address, and the strides of B, H and T."""
    if x.shape[-1] > 1 and x.strides[-1] != x.itemsize:
        x = x.copy(order="C")
    return x[:1, :1, :1], *(np.int64(stride // x.itemsize) for stride in x.strides[:3])


def _broadcast(x: Array | None, like: Array, dtype: np.dtype | type) -> tuple[Array | np.generic, ...]:
    """A mask or bias as a kernel takes it: its first element, whether there is one, and the strides, 0 for length 1."""
    there = x is not None
    x = np.empty_like(like, shape=(1, 1, 1, 1), dtype=dtype) if x is None else x.astype(dtype, copy=False)
    strides = (np.int64(0 if n == 1 else stride // x.itemsize) for n, stride in zip(x.shape, x.strides, strict=True))
    return x[:1, :1, :1, :1], np.int32(there), *strides


def _sizes(q: Array, k: Array) -> tuple[np.int32, ...]:
    _, n_heads, n_queries, head_size = q.shape
    return np.int32(n_heads), np.int32(n_queries), np.int32(k.shape[2]), np.int32(head_size)
