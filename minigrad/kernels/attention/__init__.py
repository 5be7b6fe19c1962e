"""Softmax attention over arrays.

Contract: q (B, H, T, K), k and v (B, H, S, K), any strides. `mask` is None or boolean, four axes
that broadcast to (B, H, T, S), True where a query may attend; `causal` forbids key s to query t
where s > t + S - T; `bias` is None or an array that broadcasts to (B, H, T, S). A query that may
attend to nothing gets an output of zeros and gives no gradient.
"""

from minigrad.array_type import Array
from minigrad.kernels import check_shape, wants_cuda, wants_reference


def attention_forward(
    q: Array, k: Array, v: Array, mask: Array | None, bias: Array | None, causal: bool, scale: float
) -> tuple[Array, Array]:
    """softmax(scale q kᵀ + bias) v → the output (B, H, T, K), and what the backward pass needs."""
    check_shape("k", k, (*q.shape[:2], *k.shape[2:3], *q.shape[3:]))
    check_shape("v", v, k.shape)
    scores_shape = (*q.shape[:3], k.shape[2])
    for name, array in (("mask", mask), ("bias", bias)):
        if array is not None and not _broadcasts(array.shape, scores_shape):
            raise ValueError(f"{name} must have four axes that broadcast to {scores_shape}, got {array.shape}")
    if wants_reference(q):
        from minigrad.kernels.attention import reference

        return reference.attention_forward(q, k, v, mask, bias, causal, scale)
    if wants_cuda(q):
        from minigrad.kernels.attention import cuda

        return cuda.attention_forward(q, k, v, mask, bias, causal, scale)
    from minigrad.kernels.attention import cpu

    return cpu.attention_forward(q, k, v, mask, bias, causal, scale)


def attention_backward(
    grad: Array, q: Array, k: Array, v: Array, saved: Array, scale: float
) -> tuple[Array, Array, Array, Array]:
    """The gradients of q, k, v and of the scores + bias (B, H, T, S); the last may be None if there was no bias."""
    check_shape("grad", grad, q.shape)
    if wants_reference(q):
        from minigrad.kernels.attention import reference

        return reference.attention_backward(grad, q, k, v, saved, scale)
    if wants_cuda(q):
        from minigrad.kernels.attention import cuda

        return cuda.attention_backward(grad, q, k, v, saved, scale)
    from minigrad.kernels.attention import cpu

    return cpu.attention_backward(grad, q, k, v, saved, scale)


def _broadcasts(shape: tuple[int, ...], scores_shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and all(n in (1, full) for n, full in zip(shape, scores_shape, strict=True))
