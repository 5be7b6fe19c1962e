"""Softmax cross-entropy of arrays, with the gradient of the logits computed in the same pass.

Contract: logits (N, V); targets (N,) integers in [0, V); counts (N,) boolean, False where a row
carries no loss. Other targets raise ValueError, but on a GPU, which would have to be waited for, their loss is
infinite.
"""

from minigrad.array_type import Array
from minigrad.kernels import check_range, check_shape, wants_cuda, wants_reference


def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """-log softmax(logits)[target] of each row (N,), and, with a gradient_scale, that times its gradient (N, V)."""
    check_shape("targets", targets, logits.shape[:1])
    check_shape("counts", counts, logits.shape[:1])
    if wants_reference(logits):
        check_range("targets", targets, logits.shape[1])
        from minigrad.kernels.cross_entropy import reference

        return reference.cross_entropy(logits, targets, counts, gradient_scale)
    if wants_cuda(logits):
        check_range("targets", targets, logits.shape[1])
        from minigrad.kernels.cross_entropy import cuda

        return cuda.cross_entropy(logits, targets, counts, gradient_scale)
    from minigrad.kernels.cross_entropy import cpu

    return cpu.cross_entropy(logits, targets, counts, gradient_scale)
