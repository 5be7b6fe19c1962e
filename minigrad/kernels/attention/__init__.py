"""Softmax attention over arrays.

Contract: q (B, H, T, K), k and v (B, H, S, K), any strides. `mask` is None or boolean, with four axes that broadcast
to (B, H, T, S); it is True where a query may attend. `causal` hides key s from query t where s > t + S - T. `bias` is
None or an array that broadcasts to (B, H, T, S). A query that may attend to nothing has an output of zeros and no
gradient.
"""

from minigrad.array_type import Array
from minigrad.kernels import backend_for, wrong_shape


def attention_forward(
    q: Array, k: Array, v: Array, mask: Array | None, bias: Array | None, causal: bool, scale: float
) -> tuple[Array, Array]:
    """softmax(scale q kᵀ + bias) v → the output (B, H, T, K), and what the backward pass needs."""
    q_shape, k_shape = q.shape, k.shape
    keys_shape = (*q_shape[:2], *k_shape[2:3], *q_shape[3:])  # (B, H, S, K)
    if k_shape != keys_shape:
        raise wrong_shape("k", k, keys_shape)
    if v.shape != k_shape:
        raise wrong_shape("v", v, k_shape)
    if mask is not None or bias is not None:
        scores_shape = (*q_shape[:3], k_shape[2])  # (B, H, T, S)
        for name, array in (("mask", mask), ("bias", bias)):
            if array is not None and not _broadcasts(array.shape, scores_shape):
                raise ValueError(f"{name} must have four axes that broadcast to {scores_shape}, got {array.shape}")
    backend = backend_for(__name__, q)
    return backend.attention_forward(q, k, v, mask, bias, causal, scale)


def attention_backward(
    grad: Array, q: Array, k: Array, v: Array, saved: Array, scale: float
) -> tuple[Array, Array, Array, Array | None]:
    """The gradients of q, k, v and of the scores (B, H, T, S). The last may be None if there was no bias.

    `saved` is what the forward pass of the same backend returned.
    """
    if grad.shape != q.shape:
        raise wrong_shape("grad", grad, q.shape)
    backend = backend_for(__name__, q)
    return backend.attention_backward(grad, q, k, v, saved, scale)


def _broadcasts(shape: tuple[int, ...], scores_shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and all(n in (1, full) for n, full in zip(shape, scores_shape, strict=True))
