"""Layer normalisation on a GPU: chooses the kernel, its grid and its arguments; see cuda.cu."""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type, contiguous, elements_per_load

SOURCE = CudaSource(__file__)
NORMS = ("LAYER", "RMS")
KERNELS = tuple(
    kernel
    for t, packs in (("float", (1, 4)), ("double", (1, 2)))
    for kernel in (
        *(f"norm_{way}<{t}, {pack}, {norm}>" for norm in NORMS for pack in packs for way in ("forward", "backward")),
        *(f"wide_norm_{part}<{t}, {norm}>" for norm in NORMS for part in ("forward", "backward", "slots")),
        f"add_slots<{t}>",
    )
)

ELEMENTS = 16
"""Elements of a row that a thread holds in registers. The same as in cuda.cu, as is MAX_THREADS."""

MAX_THREADS = {1: 256, 2: 256, 4: 512}
"""The most threads of a row, by the elements of a pack. A row that would need more is a wide one."""

THREADS = 256
"""Threads of a block, unless a row needs more."""

BACKWARD_BLOCKS = 256
"""The most blocks of the backward pass, enough to fill any GPU. Each fills a slot, and every slot takes time to add.
The number does not depend on the GPU, because the bits of the sums depend on it."""


def layernorm_forward(x: Array, weight: Array, bias: Array, eps: float) -> tuple[Array, Array, Array]:
    """(x - mean) · rstd · weight + bias → the output, mean, rstd."""
    return _forward("LAYER", x, weight, bias, eps)


def layernorm_backward(grad: Array, x: Array, weight: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    """The gradients of x, weight and bias."""
    grad_x, (grad_weight, grad_bias) = _backward("LAYER", grad, x, weight, mean, rstd)
    return grad_x, grad_weight, grad_bias


def rmsnorm_forward(x: Array, weight: Array, eps: float) -> tuple[Array, Array]:
    """x · rstd · weight → the output, rstd."""
    no_bias = weight[:0]
    out, _, rstd = _forward("RMS", x, weight, no_bias, eps)
    return out, rstd


def rmsnorm_backward(grad: Array, x: Array, weight: Array, rstd: Array) -> tuple[Array, Array]:
    """The gradients of x and weight."""
    no_mean = rstd[:0]
    grad_x, (grad_weight,) = _backward("RMS", grad, x, weight, no_mean, rstd)
    return grad_x, grad_weight


def _forward(norm: str, x: Array, weight: Array, bias: Array, eps: float) -> tuple[Array, Array, Array]:
    t = c_type(x, weight, bias)
    x, weight, bias = contiguous(x), contiguous(weight), contiguous(bias)
    n_rows, width, statistics = *_rows(x), (*x.shape[:-1], 1)
    out, rstd = np.empty_like(x), np.empty_like(x, shape=statistics)
    mean = np.empty_like(x, shape=statistics if norm == "LAYER" else 0)
    arrays = x, weight, bias, out, mean, rstd
    numbers = np.int32(n_rows), np.int32(width), x.dtype.type(eps)
    pack, (threads, at_once) = elements_per_load(x, weight, bias), _block(width)
    if threads > MAX_THREADS[pack]:
        SOURCE.launch(f"wide_norm_forward<{t}, {norm}>", n_rows, THREADS, *arrays, *numbers[1:])
    else:
        grid, kernel = -(-n_rows // at_once), f"norm_forward<{t}, {pack}, {norm}>"
        SOURCE.launch(kernel, grid, (threads, at_once), *arrays, *numbers)
    return out, mean, rstd


def _backward(norm: str, grad: Array, x: Array, weight: Array, mean: Array, rstd: Array) -> tuple[Array, Array]:
    """The gradient of x; and one array of those of weight and bias, or of weight alone, (1 or 2, D)."""
    t = c_type(grad, x, weight, mean, rstd)
    grad, x, weight, mean, rstd = (contiguous(array) for array in (grad, x, weight, mean, rstd))
    n_rows, width, n_sums = *_rows(x), 2 if norm == "LAYER" else 1
    pack, (threads, at_once) = elements_per_load(grad, x, weight), _block(width)
    n_slots = min(-(-n_rows // at_once), BACKWARD_BLOCKS)
    grad_x, sums = np.empty_like(x), np.empty_like(x, shape=(n_sums, width))
    slots = np.empty_like(x, shape=(n_sums, n_slots, width))
    inputs, numbers = (grad, x, weight, mean, rstd), (np.int32(n_rows), np.int32(width))
    if threads > MAX_THREADS[pack]:
        SOURCE.launch(f"wide_norm_backward<{t}, {norm}>", n_rows, THREADS, *inputs, grad_x, np.int32(width))
        grid, kernel = (-(-width // THREADS), n_slots), f"wide_norm_slots<{t}, {norm}>"
        SOURCE.launch(kernel, grid, THREADS, grad, x, mean, rstd, slots, *numbers)
    else:
        kernel = f"norm_backward<{t}, {pack}, {norm}>"
        SOURCE.launch(kernel, n_slots, (threads, at_once), *inputs, grad_x, slots, *numbers)
    grid = (-(-width // 32), n_sums)
    SOURCE.launch(f"add_slots<{t}>", grid, (32, 32), slots, sums, np.int32(n_slots), np.int32(width))
    return grad_x, sums


def _rows(x: Array) -> tuple[int, int]:
    """The number of rows, and their width."""
    return x.size // x.shape[-1], x.shape[-1]


def _block(width: int) -> tuple[int, int]:
    """The threads of a row, whole warps; and the rows of a block."""
    threads = 32 * -(-width // (32 * ELEMENTS))
    return threads, max(1, THREADS // threads)
