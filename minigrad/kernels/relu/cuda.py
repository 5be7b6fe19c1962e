"""ReLU on a GPU: one pass over the elements, see cuda.cu."""

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type
from minigrad.kernels.elementwise import apply

SOURCE = CudaSource(__file__)
KERNELS = tuple(f"{kernel}<{real}>" for kernel in ("relu_forward", "relu_backward") for real in ("float", "double"))


def relu_forward(x: Array) -> Array:
    """max(x, 0)."""
    return apply(SOURCE, f"relu_forward<{c_type(x)}>", x)


def relu_backward(grad: Array, out: Array) -> Array:
    """The gradient passes where x was positive.

    Raises:
        ValueError: if grad has not the shape of out.
    """
    if grad.shape != out.shape:
        raise ValueError(f"grad must have the shape of out, {out.shape}; got {grad.shape}")
    return apply(SOURCE, f"relu_backward<{c_type(grad, out)}>", grad, out)
