"""Softmax cross-entropy on a GPU: a block for each row, see cuda.cu."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type, contiguous
from minigrad.kernels.indices import check_range

SOURCE = CudaSource(__file__)
KERNELS = tuple(
    f"{kernel}<{real}>" for kernel in ("cross_entropy", "cross_entropy_and_gradient") for real in ("float", "double")
)
WARP, MAX_WARPS, CHUNK = 32, 16, 4  # the same as in cuda.cu


def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """The loss of each row and, with a gradient_scale, the scaled gradient of the logits.

    Raises:
        ValueError: if targets or counts does not have one element for each row, or a target on the CPU is outside of
            [0, V).
        TypeError: if counts is not boolean.
    """
    n_rows, vocab_size = logits.shape
    for name, array in (("targets", targets), ("counts", counts)):
        if array.shape != (n_rows,):
            raise ValueError(f"{name} must have the shape {(n_rows,)}, an element for each row; got {array.shape}")
    if counts.dtype != bool:
        raise TypeError(f"counts must be boolean, got {counts.dtype}")
    check_range("targets", targets, vocab_size)
    real, logits, targets = c_type(logits), contiguous(logits), contiguous(targets.astype(np.int64, copy=False))
    n_threads = WARP * min(-(-vocab_size // (WARP * CHUNK)), MAX_WARPS)  # a short row has work for few warps
    losses = np.empty_like(logits, shape=(n_rows,))
    inputs, size = (logits, targets, contiguous(counts)), np.int32(vocab_size)
    if gradient_scale is None:
        SOURCE.launch(f"cross_entropy<{real}>", n_rows, n_threads, *inputs, losses, size)
        return losses, None
    grad, scale = np.empty_like(logits), logits.dtype.type(gradient_scale)
    SOURCE.launch(f"cross_entropy_and_gradient<{real}>", n_rows, n_threads, *inputs, losses, grad, size, scale)
    return losses, grad
