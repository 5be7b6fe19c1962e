"""ReLU on a GPU: one pass over the elements, see cuda.cu."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, blocks_of_packs, c_type, contiguous

SOURCE = CudaSource(__file__)
KERNELS = tuple(f"{kernel}<{real}>" for kernel in ("relu_forward", "relu_backward") for real in ("float", "double"))
THREADS, MAX_BLOCKS = 256, 8192
"""Of a block; and of a grid: enough to fill any GPU several times over. Where there are more elements, threads loop."""


def relu_forward(x: Array) -> Array:
    """max(x, 0)."""
    out = np.empty_like(x, order="C")
    SOURCE.launch(
        f"relu_forward<{c_type(x)}>",
        blocks_of_packs(x, THREADS, MAX_BLOCKS),
        THREADS,
        contiguous(x),
        out,
        np.int64(x.size),
    )
    return out


def relu_backward(grad: Array, out: Array) -> Array:
    """The gradient passes where x was positive.

    Raises:
        ValueError: if grad has not the shape of out.
    """
    if grad.shape != out.shape:
        raise ValueError(f"grad must have the shape of out, {out.shape}; got {grad.shape}")
    grad_x = np.empty_like(grad, order="C")
    SOURCE.launch(
        f"relu_backward<{c_type(grad, out)}>",
        blocks_of_packs(grad, THREADS, MAX_BLOCKS),
        THREADS,
        contiguous(grad),
        contiguous(out),
        grad_x,
        np.int64(grad.size),
    )
    return grad_x
