"""Softmax attention on a CPU: BLAS for the products, one compiled pass for all that lies between.

The pass scales, adds the bias, masks, and takes the softmax of a row while the row is in the
cache; under a causal mask it does not even look at the keys that a query cannot see.
"""

import numpy as np
from numba import njit

from minigrad.array_type import Array

_NO_MASK = np.ones((1, 1, 1, 1), dtype=np.bool_)


def attention_forward(
    q: Array, k: Array, v: Array, mask: Array | None, bias: Array | None, causal: bool, scale: float
) -> tuple[Array, Array]:
    """The output, and the attention probabilities (B, H, T, S) for the backward pass."""
    scores = np.matmul(q, k.swapaxes(-1, -2))
    if bias is not None:
        scores *= scale
        scores += bias
        scale = 1.0
    mask = _NO_MASK if mask is None else np.ascontiguousarray(mask)
    _masked_softmax(scores, mask, causal, scores.dtype.type(scale))
    return np.matmul(scores, v), scores


def attention_backward(
    grad: Array, q: Array, k: Array, v: Array, probs: Array, scale: float
) -> tuple[Array, Array, Array, Array]:
    """The gradients of q, k, v and of the scores; see the reference for the formulas."""
    grad_v = np.matmul(probs.swapaxes(-1, -2), grad)
    grad_scores = np.matmul(grad, v.swapaxes(-1, -2))
    _softmax_backward(grad_scores, probs)
    grad_q = np.matmul(grad_scores, k)
    grad_q *= scale
    grad_k = np.matmul(grad_scores.swapaxes(-1, -2), q)
    grad_k *= scale
    return grad_q, grad_k, grad_v, grad_scores


@njit(cache=True, nogil=True, error_model="numpy")
def _masked_softmax(scores, mask, causal, scale):  # type: ignore[no-untyped-def]
    """Replace each row of scores by softmax(scale · row) over the allowed keys, 0 elsewhere."""
    n_batch, n_heads, n_queries, n_keys = scores.shape
    masked = mask.size > 1 or not mask[0, 0, 0, 0]
    for b in range(n_batch):
        for h in range(n_heads):
            for t in range(n_queries):
                row = scores[b, h, t]
                stop = min(max(t + 1 + n_keys - n_queries, 0), n_keys) if causal else n_keys
                visible = row[:stop]
                if masked:
                    allowed = mask[min(b, mask.shape[0] - 1), min(h, mask.shape[1] - 1), min(t, mask.shape[2] - 1)]
                    for s in range(visible.size):
                        if not allowed[min(s, allowed.size - 1)]:
                            visible[s] = -np.inf
                highest = -visible.dtype.type(np.inf)
                for s in range(visible.size):
                    highest = max(highest, visible[s])
                row[stop:] = 0
                if highest == -np.inf:  # nothing to attend to
                    visible[:] = 0
                    continue
                total = visible.dtype.type(0)
                for s in range(visible.size):
                    visible[s] = np.exp(scale * (visible[s] - highest))
                for s in range(visible.size):
                    total += visible[s]
                inverse = visible.dtype.type(1) / total
                for s in range(visible.size):
                    visible[s] *= inverse


@njit(cache=True, nogil=True, error_model="numpy")
def _softmax_backward(grad, probs):  # type: ignore[no-untyped-def]
    """Replace each row of grad, the gradient of the probabilities, by that of the scores."""
    n_batch, n_heads, n_queries, n_keys = grad.shape
    for b in range(n_batch):
        for h in range(n_heads):
            for t in range(n_queries):
                g, p = grad[b, h, t], probs[b, h, t]
                inner = g.dtype.type(0)
                for s in range(n_keys):
                    inner += g[s] * p[s]
                for s in range(n_keys):
                    g[s] = p[s] * (g[s] - inner)
