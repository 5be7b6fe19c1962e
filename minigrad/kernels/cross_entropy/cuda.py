"""Softmax cross-entropy on a GPU: a block for each row, see cuda.cu."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type, contiguous

SOURCE = CudaSource(__file__)
KERNELS = tuple(
    f"{kernel}<{real}>" for kernel in ("cross_entropy", "cross_entropy_and_gradient") for real in ("float", "double")
)
WARP, MAX_WARPS, CHUNK = 32, 16, 4  # as in cuda.cu


def cross_entropy(
    logits: Array, targets: Array, counts: Array, gradient_scale: float | None
) -> tuple[Array, Array | None]:
    """The loss of each row and, if asked for, the scaled gradient of the logits.

    Raises:
        ValueError: if targets or counts does not have one element for each row; TypeError: if counts is not boolean.
    """
    n_rows, vocab_size = logits.shape
    for name, array in (("targets", targets), ("counts", counts)):
        if array.shape != (n_rows,):
            raise ValueError(f"{name} must have the shape {(n_rows,)}, an element for each row; got {array.shape}")
    if counts.dtype != bool:
        raise TypeError(f"counts must be boolean, got {counts.dtype}")
    real, logits, targets = c_type(logits), contiguous(logits), contiguous(targets.astype(np.int64, copy=False))
    n_threads = WARP * min(-(-vocab_size // (WARP * CHUNK)), MAX_WARPS)
    losses = np.empty_like(logits, shape=(n_rows,))
    inputs = logits, targets, contiguous(counts)
    if gradient_scale is None:
        SOURCE.launch(f"cross_entropy<{real}>", n_rows, n_threads, *inputs, losses, np.int32(vocab_size))
        return losses, None
    grad = np.empty_like(logits)
    SOURCE.launch(
        f"cross_entropy_and_gradient<{real}>",
        n_rows,
        n_threads,
        *inputs,
        losses,
        grad,
        np.int32(vocab_size),
        logits.dtype.type(gradient_scale),
    )
    return losses, grad
