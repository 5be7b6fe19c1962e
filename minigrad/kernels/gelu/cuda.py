"""GELU on a GPU: one pass over the elements, see cuda.cu."""

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type
from minigrad.kernels.elementwise import apply

SOURCE = CudaSource(__file__)
KERNELS = tuple(
    f"{kernel}<{form}, {real}>"
    for kernel in ("gelu_forward", "gelu_backward")
    for form in ("Exact", "Tanh")
    for real in ("float", "double")
)


def gelu_forward(x: Array) -> Array:
    """x · Φ(x)."""
    return apply(SOURCE, f"gelu_forward<Exact, {c_type(x)}>", x)


def gelu_backward(grad: Array, x: Array, out: Array) -> Array:
    """The gradient of x through `gelu_forward`."""
    return _backward("Exact", grad, x)


def gelu_tanh_forward(x: Array) -> Array:
    """The tanh form."""
    return apply(SOURCE, f"gelu_forward<Tanh, {c_type(x)}>", x)


def gelu_tanh_backward(grad: Array, x: Array, out: Array) -> Array:
    """The gradient of x through `gelu_tanh_forward`."""
    return _backward("Tanh", grad, x)


def _backward(form: str, grad: Array, x: Array) -> Array:
    """The kernel computes Φ(x) again: on a GPU that is faster than reading the output of the forward pass."""
    if grad.shape != x.shape:
        raise ValueError(f"grad must have the shape of x, {x.shape}; got {grad.shape}")
    return apply(SOURCE, f"gelu_backward<{form}, {c_type(grad, x)}>", grad, x)
