"""Softmax attention as one op: the T × S matrix never becomes a tensor of its own."""

import numpy as np

from minigrad.conversion import for_kernel
from minigrad.device import beside
from minigrad.kernels import attention as kernel
from minigrad.tensor import Array, Tensor, as_operands, raw_array, record


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    causal: bool = False,
    mask: Array | None = None,
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
        ValueError: if the shapes do not fit.
        TypeError: if an array is neither float32 nor float64.
    """
    if q.ndim != 4 or k.shape != v.shape or q.shape[:2] + q.shape[3:] != k.shape[:2] + k.shape[3:]:
        raise ValueError(f"attention needs q (B, H, T, K) and k, v (B, H, S, K), got {q.shape}, {k.shape}, {v.shape}")
    for other in (k, v) if bias is None else (k, v, bias):
        as_operands(q, other)  # all on one device
    batch, heads, length, head_size = q.shape
    scores_shape = (batch, heads, length, k.shape[2])
    mask = None if mask is None else beside(_four_axes(mask, scores_shape), q.data)
    if bias is not None and (bias.ndim != 4 or np.broadcast_shapes(bias.shape, scores_shape) != scores_shape):
        raise ValueError(f"bias must have four axes that broadcast to {scores_shape}, got {bias.shape}")
    scale = head_size**-0.5 if scale is None else scale
    if bias is None:
        q_data, k_data, v_data = for_kernel("attention", "qkv", q.data, k.data, v.data)
        bias_data = None
    else:
        names = ("q", "k", "v", "bias")
        q_data, k_data, v_data, bias_data = for_kernel("attention", names, q.data, k.data, v.data, bias.data)
    bias_needs_grad = bias is not None and bias.requires_grad
    out, saved = kernel.attention_forward(q_data, k_data, v_data, mask, bias_data, causal, scale)

    def attention_backward(grad: Array) -> tuple[Array | None, ...]:
        grad_q, grad_k, grad_v, grad_scores = kernel.attention_backward(grad, q_data, k_data, v_data, saved, scale)
        if bias is None:
            return grad_q, grad_k, grad_v
        return grad_q, grad_k, grad_v, (grad_scores if bias_needs_grad else None)

    inputs = (q, k, v) if bias is None else (q, k, v, bias)
    # On a GPU the backward pass reads the output too; a program that runs on one device shall run on the other.
    return record(out, inputs, attention_backward, reads=(q, k, v), reads_output=True)


def _four_axes(mask: Array, scores_shape: tuple[int, ...]) -> Array:
    mask = raw_array(mask)
    if mask.ndim == 2:
        mask = mask[:, None, None, :]
    if mask.ndim != 4 or any(n not in (1, full) for n, full in zip(mask.shape, scores_shape, strict=True)):
        raise ValueError(
            f"mask must have shape (B, S) = {(scores_shape[0], scores_shape[3])} or four axes that broadcast to "
            f"{scores_shape}, got {mask.shape}"
        )
    return mask.astype(np.bool_)
