"""Softmax cross-entropy of arrays; the same pass computes the gradient of the logits.

Contract: logits (N, V); targets (N,) integers in [0, V); counts (N,) boolean, False for a row without loss. Other
targets raise ValueError. On a GPU their loss is infinite instead, because the CPU would have to wait for the GPU to
find them.
"""

from minigrad.array_type import Array
from minigrad.kernels import backend_for, wrong_shape


def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """-log softmax(logits)[target] of each row (N,); with a gradient_scale also its gradient, times that (N, V)."""
    n_rows = logits.shape[:1]
    if targets.shape != n_rows:
        raise wrong_shape("targets", targets, n_rows)
    if counts.shape != n_rows:
        raise wrong_shape("counts", counts, n_rows)
    backend = backend_for(__name__, logits)
    return backend.cross_entropy(logits, targets, counts, gradient_scale)
