"""Softmax attention on a CPU: BLAS for the products, one compiled pass for everything between them.

The pass scales a row of scores, adds the bias, masks, and takes the softmax while the row is in the cache. Under a
causal mask it skips the keys that a query cannot see. So do the products: they take a block of queries at a time, and
the keys up to the last of them.

The memory of the outputs is (B, T, H, K), like that of the inputs. Joining the heads again, in the forward and in the
backward pass, is then a change of view and not a copy.
"""

from typing import NamedTuple

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled
from minigrad.kernels.elementary import exp, highest
from minigrad.kernels.jit import njit

BLOCK = 64
"""Queries at a time under a causal mask. A smaller block would skip more keys, but BLAS is faster at large products.
This saves a tenth of attention's time at 128 positions, and more than a quarter at 512."""

_NO_MASK = np.ones((1, 1, 1, 1), dtype=np.bool_)


class Saved(NamedTuple):
    """For the backward pass: the attention probabilities (B, H, T, S), and whether there was a causal mask."""

    probs: Array
    causal: bool


def attention_forward(
    q: Array, k: Array, v: Array, mask: Array | None, bias: Array | None, causal: bool, scale: float
) -> tuple[Array, Saved]:
    """The output, and what the backward pass needs."""
    scores, out = np.empty((*q.shape[:3], k.shape[2]), q.dtype), _heads_side_by_side(q)  # (B, H, T, S), (B, H, T, K)
    blocks = _blocks(q.shape[2], k.shape[2], causal)
    for block, up_to, _ in blocks:
        np.matmul(q[:, :, block], k[:, :, up_to].swapaxes(-1, -2), out=scores[:, :, block, up_to])
    mask = _NO_MASK if mask is None else np.ascontiguousarray(mask)
    biases = np.zeros((1, 1, 1, 1), scores.dtype) if bias is None else np.ascontiguousarray(bias, scores.dtype)
    _masked_softmax(scores, mask, biases, bias is not None, causal, scores.dtype.type(scale))
    for block, up_to, _ in blocks:
        np.matmul(scores[:, :, block, up_to], v[:, :, up_to], out=out[:, :, block])
    return out, Saved(scores, causal)


def attention_backward(
    grad: Array, q: Array, k: Array, v: Array, saved: Saved, scale: float
) -> tuple[Array, Array, Array, Array]:
    """The gradients of q, k, v and of the scores; see the reference for the formulas."""
    probs, causal = saved
    grad_scores = np.empty_like(probs)  # (B, H, T, S)
    grad_q, grad_k, grad_v = _heads_side_by_side(q), _heads_side_by_side(k), _heads_side_by_side(v)
    blocks = _blocks(q.shape[2], k.shape[2], causal)
    for block, up_to, _ in blocks:
        np.matmul(grad[:, :, block], v[:, :, up_to].swapaxes(-1, -2), out=grad_scores[:, :, block, up_to])
    _softmax_backward(grad_scores, probs, causal)
    # A query's gradient is a sum over the keys that it sees; a key's is a sum over the queries that see it.
    for block, up_to, from_on in blocks:
        np.matmul(grad_scores[:, :, block, up_to], k[:, :, up_to], out=grad_q[:, :, block])
        np.matmul(grad_scores[:, :, from_on, block].swapaxes(-1, -2), q[:, :, from_on], out=grad_k[:, :, block])
        np.matmul(probs[:, :, from_on, block].swapaxes(-1, -2), grad[:, :, from_on], out=grad_v[:, :, block])
    grad_q *= scale
    grad_k *= scale
    return grad_q, grad_k, grad_v, grad_scores


def _blocks(n_queries: int, n_keys: int, causal: bool) -> list[tuple[slice, slice, slice]]:
    """Blocks of positions, each with the keys that its queries may see and the queries that may see its keys.

    There is one block without a causal mask, and also if queries and keys are not the same positions.
    """
    if not causal or n_queries != n_keys:
        return [(slice(None), slice(None), slice(None))]
    starts = range(0, n_queries, BLOCK)
    return [(slice(start, start + BLOCK), slice(0, start + BLOCK), slice(start, None)) for start in starts]


def _heads_side_by_side(x: Array) -> Array:
    """An array for (B, H, T, K) whose memory is (B, T, H, K)."""
    batch, heads, length, size = x.shape
    return np.empty((batch, length, heads, size), x.dtype).swapaxes(1, 2)


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _masked_softmax(scores, mask, bias, has_bias, causal, scale):  # type: ignore[no-untyped-def]
    """Replace each row of scores by softmax(scale · row + bias) over the allowed keys, 0 elsewhere."""
    n_batch, n_heads, n_queries, n_keys = scores.shape
    masked = mask.size > 1 or not mask[0, 0, 0, 0]
    zero, one = scores.dtype.type(0), scores.dtype.type(1)
    for b in range(n_batch):
        for h in range(n_heads):
            for t in range(n_queries):
                row = scores[b, h, t]
                stop = _visible(t, n_queries, n_keys, causal)
                visible = row[:stop]
                factor = scale
                if has_bias:
                    added, factor = _row(bias, b, h, t), one
                    if added.size == 1:
                        for s in range(visible.size):
                            visible[s] = scale * visible[s] + added[0]
                    else:
                        for s in range(visible.size):
                            visible[s] = scale * visible[s] + added[s]
                if masked:
                    allowed = _row(mask, b, h, t)
                    for s in range(visible.size):
                        if not allowed[min(s, allowed.size - 1)]:
                            visible[s] = -np.inf
                top = highest(visible)
                if top == -np.inf:  # nothing to attend to, or NaN, which `highest` may skip: NaN must propagate
                    nothing = zero
                    for s in range(visible.size):
                        nothing = visible[s] if np.isnan(visible[s]) else nothing
                    row[:] = nothing
                    continue
                total = zero
                for s in range(visible.size):
                    visible[s] = exp(factor * (visible[s] - top))
                    total += visible[s]
                inverse = one / total  # one division a row; a product is cheaper
                for s in range(visible.size):
                    visible[s] *= inverse
                row[stop:] = zero * inverse  # 0, or NaN if the row has one


@njit(error_model="numpy")
def _visible(t, n_queries, n_keys, causal):  # type: ignore[no-untyped-def]
    """How many keys query t may see."""
    return min(max(t + 1 + n_keys - n_queries, 0), n_keys) if causal else n_keys


@njit(error_model="numpy")
def _row(array, b, h, t):  # type: ignore[no-untyped-def]
    """One query's row of a mask or bias; along an axis of length 1 the index is always 0."""
    n_batch, n_heads, n_queries, _ = array.shape
    return array[min(b, n_batch - 1), min(h, n_heads - 1), min(t, n_queries - 1)]


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _softmax_backward(grad, probs, causal):  # type: ignore[no-untyped-def]
    """Replace each row of grad, the gradient of the probabilities, by the gradient of the scores."""
    n_batch, n_heads, n_queries, n_keys = grad.shape
    for b in range(n_batch):
        for h in range(n_heads):
            for t in range(n_queries):
                stop = _visible(t, n_queries, n_keys, causal)
                g, p = grad[b, h, t, :stop], probs[b, h, t, :stop]
                inner = g.dtype.type(0)
                for s in range(g.size):
                    inner += g[s] * p[s]
                for s in range(g.size):
                    g[s] = p[s] * (g[s] - inner)
                grad[b, h, t, stop:] = 0 * inner  # as in the forward pass
