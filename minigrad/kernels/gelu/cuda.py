"""GELU on a GPU: one pass over the elements, see cuda.cu."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, blocks_of_packs, c_type, contiguous

SOURCE = CudaSource(__file__)
KERNELS = tuple(
    f"{kernel}<{form}, {real}>"
    for kernel in ("gelu_forward", "gelu_backward")
    for form in ("Exact", "Tanh")
    for real in ("float", "double")
)
THREADS, MAX_BLOCKS = 256, 8192
"""Of a block; and of a grid: enough to fill any GPU several times over. Where there are more elements, threads loop."""


def gelu_forward(x: Array) -> Array:
    """x · Φ(x)."""
    return _forward("Exact", x)


def gelu_backward(grad: Array, x: Array, out: Array) -> Array:
    """The gradient of x through `gelu_forward`."""
    return _backward("Exact", grad, x)


def gelu_tanh_forward(x: Array) -> Array:
    """The approximation through tanh."""
    return _forward("Tanh", x)


def gelu_tanh_backward(grad: Array, x: Array, out: Array) -> Array:
    """The gradient of x through `gelu_tanh_forward`."""
    return _backward("Tanh", grad, x)


def _forward(form: str, x: Array) -> Array:
    out = np.empty_like(x, order="C")
    SOURCE.launch(
        f"gelu_forward<{form}, {c_type(x)}>",
        blocks_of_packs(x, THREADS, MAX_BLOCKS),
        THREADS,
        contiguous(x),
        out,
        np.int64(x.size),
    )
    return out


def _backward(form: str, grad: Array, x: Array) -> Array:
    if grad.shape != x.shape:
        raise ValueError(f"grad must have the shape of x, {x.shape}; got {grad.shape}")
    grad_x = np.empty_like(x, order="C")
    SOURCE.launch(
        f"gelu_backward<{form}, {c_type(grad, x)}>",
        blocks_of_packs(x, THREADS, MAX_BLOCKS),
        THREADS,
        contiguous(grad),
        contiguous(x),
        grad_x,
        np.int64(x.size),
    )
    return grad_x
