"""Softmax attention as one op: the T × S matrix never becomes a tensor of its own."""

import numpy as np

from minigrad.checks import zero_one_mask
from minigrad.conversion import for_kernel
from minigrad.device import beside
from minigrad.kernels import attention as kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_operands, raw_array, record


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    causal: bool = False,
    mask: TensorLike | None = None,
    bias: Tensor | None = None,
    scale: float | None = None,
) -> Tensor:
    """softmax(scale · q kᵀ + bias) v, each query over the keys that it may attend to.

    Shapes: q (B, H, T, K), k (B, H, S, K), v (B, H, S, K) → (B, H, T, K).

    Args:
        causal: query t may attend to keys up to t + S - T: with T = S itself and what came before;
            with a cache of earlier keys, S > T, the queries are the last T positions.
        mask: 1 (or True) where there is something to attend to. Shape (B, S), the usual
            `attention_mask`, or four axes that broadcast to (B, H, T, S).
        bias: added to the scores before softmax, broadcastable to (B, H, T, S), as T5's relative
            positions are. It may require a gradient.
        scale: None means 1 / sqrt(K).

    A query that may attend to nothing gets zeros, and gives no gradient.
    Source: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.

    Raises:
        TypeError: if q, k, v or bias is no tensor, an array is neither float32 nor float64, or the mask holds neither
            integers nor booleans.
        ValueError: if the shapes do not fit, or the mask holds a number other than 0 and 1.
    """
    inputs = (q, k, v) if bias is None else (q, k, v, bias)
    for name, tensor in zip(("q", "k", "v", "bias"), inputs, strict=False):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name} must be a Tensor, got {type(tensor).__name__}")
        if type(tensor._data) is not type(q._data):
            as_operands(q, tensor)  # raises DeviceError
    if q.ndim != 4 or k.shape != v.shape or q.shape[:2] + q.shape[3:] != k.shape[:2] + k.shape[3:]:
        raise ValueError(f"attention needs q (B, H, T, K) and k, v (B, H, S, K), got {q.shape}, {k.shape}, {v.shape}")
    batch, heads, length, head_size = q.shape
    scores_shape = (batch, heads, length, k.shape[2])
    allowed = None if mask is None else _four_axes(mask, scores_shape)
    scale = head_size**-0.5 if scale is None else scale
    if bias is None:
        q_data, k_data, v_data = for_kernel("attention", "qkv", q.data, k.data, v.data)
        bias_data = None
    else:
        names = ("q", "k", "v", "bias")
        q_data, k_data, v_data, bias_data = for_kernel("attention", names, q.data, k.data, v.data, bias.data)
    bias_needs_grad = bias is not None and bias.requires_grad
    moved = None if allowed is None else beside(allowed, q_data)
    out, saved = kernel.attention_forward(q_data, k_data, v_data, moved, bias_data, causal, scale)

    def attention_backward(grad: Array) -> tuple[Array | None, ...]:
        sees_a_key = _sees_a_key(allowed, causal, length, scores_shape[3])
        if sees_a_key is not None:  # the kernel would multiply the gradient of a constant 0 by 0, and 0 · ∞ is NaN
            grad = np.where(beside(sees_a_key, grad), grad, 0)
        grad_q, grad_k, grad_v, grad_scores = kernel.attention_backward(grad, q_data, k_data, v_data, saved, scale)
        if bias is None:
            return grad_q, grad_k, grad_v
        return grad_q, grad_k, grad_v, (grad_scores if bias_needs_grad else None)

    # On a GPU the backward pass reads the bias and the output too; a program that runs on one device shall run on the
    # other.
    return record(out, inputs, attention_backward, reads=inputs, reads_output=True)


def _four_axes(given: TensorLike, scores_shape: tuple[int, ...]) -> Array:
    """A mask as booleans that broadcast to the scores; a copy, since the caller's may change before backward."""
    mask = raw_array(given)
    if mask.ndim == 2:
        mask = mask[:, None, None, :]
    if mask.ndim != 4 or any(n not in (1, full) for n, full in zip(mask.shape, scores_shape, strict=True)):
        raise ValueError(
            f"mask must have shape (B, S) = {(scores_shape[0], scores_shape[3])} or four axes that broadcast to "
            f"{scores_shape}, got {mask.shape}"
        )
    return zero_one_mask("mask", mask, "a query may attend").astype(np.bool_)


def _sees_a_key(mask: Array | None, causal: bool, n_queries: int, n_keys: int) -> Array | None:
    """Which queries may attend to a key at all, (B, H, T, 1), axes that broadcast included. None means that all may."""
    if mask is None:
        if n_keys >= n_queries or not (causal or n_keys == 0):
            return None
        mask = np.ones((1, 1, 1, n_keys), np.bool_)
    first = max(n_keys - n_queries + 1, 0) if causal else n_keys  # so many keys are before the first query
    if mask.shape[2] == 1 and mask[..., :first].any(axis=-1).all():  # and what it sees, the others see too
        return None
    if causal:
        mask = mask & np.tri(n_queries, n_keys, n_keys - n_queries, dtype=np.bool_, like=mask)  # (B, H, T, S)
    sees_a_key = mask.any(axis=-1, keepdims=True)
    return None if sees_a_key.all() else sees_a_key
