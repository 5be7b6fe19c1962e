"""Softmax attention in bfloat16 on a GPU's tensor cores: launches the kernels of `tensor_core.cu`.

bfloat16 has the exponents of float32 and 7 bits after the point. Softmax and all sums are in float32; the factors of
every product are bfloat16. q, k, v and grad already are, and the kernels round the probabilities and, in the backward
pass, the gradients of the scores.

The kernels also run on NumPy arrays, on the CPU. The instructions that only a GPU has are then written out in C++;
everything else, such as which thread computes what from where, is the same code, and can be tested and stepped through.
"""

from math import ceil

import numpy as np

from minigrad.array_type import Array
from minigrad.errors import DeviceError
from minigrad.kernels.attention.cuda import Saved, heads_side_by_side, launch_backward, launch_forward
from minigrad.kernels.cuda_source import CudaSource, address

SOURCE = CudaSource(__file__)

_FORWARD = {64: (6, 64), 128: (4, 32)}
_BACKWARD = {64: (4, 64), 128: (4, 32)}
"""For each head size: the warps of a block, each of which owns 16 rows, and the rows of a tile."""

KERNELS = (
    *(f"attention_forward<{head}, {warps}, {passing}>" for head, (warps, passing) in _FORWARD.items()),
    *(
        f"attention_backward<{own_keys}, {head}, {warps}, {passing}>"
        for own_keys in ("false", "true")
        for head, (warps, passing) in _BACKWARD.items()
    ),
)

_CHUNK = 8
"""The elements that the kernels copy at once, 16 bytes."""


def attention_forward(
    q: Array, k: Array, v: Array, mask: Array | None, bias: Array | None, causal: bool, scale: float
) -> tuple[Array, Saved]:
    """The output, and what the backward pass needs. q, k, v and bias are bfloat16, or its bits as uint16.

    Raises:
        DeviceError: if the GPU's compute capability is below 8.0.
    """
    if not isinstance(q, np.ndarray) and int(has := q.device.compute_capability) < 80:
        raise DeviceError(f"attention in bfloat16 needs compute capability 8.0, this GPU has {has[:-1]}.{has[-1]}")
    dtype, head_size = q.dtype, q.shape[-1]
    q, k, v = (_whole_chunks(x) for x in (q, k, v))
    bias = None if bias is None else bias.view(np.uint16)
    log_sum = np.empty_like(q, shape=q.shape[:3], dtype=np.float32, order="C")
    saved = Saved(heads_side_by_side(q), log_sum, mask, bias, causal)
    template, warps = _choice(_FORWARD, head_size)
    launch_forward(SOURCE, f"attention_forward<{template}>", 16 * warps, 32 * warps, q, k, v, saved, scale)
    return saved.out[..., :head_size].view(dtype), saved


def attention_backward(
    grad: Array, q: Array, k: Array, v: Array, saved: Saved, scale: float
) -> tuple[Array, Array, Array, Array | None]:
    """The gradients of q, k, v, and of the scores if the forward pass had a bias."""
    dtype, head_size = q.dtype, q.shape[-1]
    grad, q, k, v = (_whole_chunks(x) for x in (grad, q, k, v))
    template, warps = _choice(_BACKWARD, head_size)
    kernels = [f"attention_backward<{own_keys}, {template}>" for own_keys in ("false", "true")]
    *grads, grad_scores = launch_backward(SOURCE, kernels, 16 * warps, 32 * warps, grad, q, k, v, saved, scale)
    grad_q, grad_k, grad_v = (x[..., :head_size].view(dtype) for x in grads)
    return grad_q, grad_k, grad_v, None if grad_scores is None else grad_scores.view(dtype)


def _choice(kernels: dict[int, tuple[int, int]], head_size: int) -> tuple[str, int]:
    """The template arguments that all kernels have for a head size, and the warps of a block."""
    head = min(size for size in kernels if head_size <= size)
    warps, passing = kernels[head]
    return f"{head}, {warps}, {passing}", warps


def _whole_chunks(x: Array) -> Array:
    """The bits of (B, H, T, K) in rows of whole chunks: a view if the kernels can read it, else a padded copy."""
    x, size = x.view(np.uint16), x.shape[-1]
    dense = x.strides[-1] == x.itemsize and all(stride // x.itemsize % _CHUNK == 0 for stride in x.strides[:-1])
    if dense and size % _CHUNK == 0 and address(x) % 16 == 0:
        return x
    batch, heads, length, _ = x.shape
    shape = (batch, length, heads, ceil(size / _CHUNK) * _CHUNK)
    longer = np.zeros_like(x, shape=shape, order="C").swapaxes(1, 2)
    longer[..., :size] = x
    return longer
