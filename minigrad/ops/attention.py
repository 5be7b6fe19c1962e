"""Softmax attention as one op, so that the T × S matrix of weights never becomes a tensor of its own."""

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
        causal: query t may attend to keys up to t + S - T. If T = S, that is its own position and those before. If
            S > T, because a cache holds earlier keys, the queries are the last T positions.
        mask: 1 (or True) for keys that may be attended to. Shape (B, S), the usual `attention_mask`, or
            four axes that broadcast to (B, H, T, S).
        bias: added to the scores before softmax, such as T5's relative positions. Broadcasts to
            (B, H, T, S), and may require a gradient.
        scale: None means 1 / sqrt(K).

    A query that may attend to no key gets zeros, and no gradient flows from it.
    Source: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.

    Raises:
        TypeError: if q, k, v or bias is not a tensor, an array is neither float32 nor float64, or the mask holds
            anything but integers or booleans.
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
    allowed = None if mask is None else _four_axes(mask, scores_shape)  # broadcasts to (B, H, T, S)
    # A dot product of K independent terms of variance 1 has variance K; the scale makes it 1 again.
    scale = head_size**-0.5 if scale is None else scale
    if bias is None:
        q_data, k_data, v_data = for_kernel("attention", "qkv", q.data, k.data, v.data)
        bias_data = None
    else:
        names = ("q", "k", "v", "bias")
        q_data, k_data, v_data, bias_data = for_kernel("attention", names, q.data, k.data, v.data, bias.data)
    bias_needs_grad = bias is not None and bias.requires_grad
    moved = None if allowed is None else beside(allowed, q_data)
    out, saved = kernel.attention_forward(q_data, k_data, v_data, moved, bias_data, causal, scale)  # (B, H, T, K)

    def attention_backward(grad: Array) -> tuple[Array | None, ...]:
        sees_a_key = _sees_a_key(allowed, causal, length, scores_shape[3])  # (B, H, T, 1)
        if sees_a_key is not None:  # others have the constant output 0, and the kernel's 0 · grad is NaN for ∞
            grad = np.where(beside(sees_a_key, grad), grad, 0)
        grad_q, grad_k, grad_v, grad_scores = kernel.attention_backward(grad, q_data, k_data, v_data, saved, scale)
        if bias is None:
            return grad_q, grad_k, grad_v
        return grad_q, grad_k, grad_v, (grad_scores if bias_needs_grad else None)

    # Only the CUDA backward pass reads the bias and the output. They are named for every device, so that a program that
    # overwrites them fails on both.
    return record(out, inputs, attention_backward, reads=inputs, reads_output=True)


def _four_axes(given: TensorLike, scores_shape: tuple[int, ...]) -> Array:
    """A mask as booleans that broadcast to the scores. A copy, because the caller may overwrite the mask before the
    backward pass."""
    mask = raw_array(given)
    if mask.ndim == 2:
        mask = mask[:, None, None, :]  # (B, S) → (B, 1, 1, S)
    if mask.ndim != 4 or any(n not in (1, full) for n, full in zip(mask.shape, scores_shape, strict=True)):
        raise ValueError(
            f"mask must have shape (B, S) = {(scores_shape[0], scores_shape[3])} or four axes that broadcast to "
            f"{scores_shape}, got {mask.shape}"
        )
    return zero_one_mask("mask", mask, "a query may attend").astype(np.bool_)


def _sees_a_key(mask: Array | None, causal: bool, n_queries: int, n_keys: int) -> Array | None:
    """Which queries may attend to at least one key: (B, H, T, 1), or 1 for axes that broadcast. None means all may."""
    if mask is None:
        if n_keys >= n_queries or not (causal or n_keys == 0):
            return None
        mask = np.ones((1, 1, 1, n_keys), np.bool_)
    first = max(n_keys - n_queries + 1, 0) if causal else n_keys  # how many keys the first query may attend to
    if mask.shape[2] == 1 and mask[..., :first].any(axis=-1).all():  # the others see these keys too
        return None
    if causal:
        mask = mask & np.tri(n_queries, n_keys, n_keys - n_queries, dtype=np.bool_, like=mask)  # (B, H, T, S)
    sees_a_key = mask.any(axis=-1, keepdims=True)
    return None if sees_a_key.all() else sees_a_key
