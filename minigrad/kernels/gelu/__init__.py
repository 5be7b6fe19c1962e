"""Bias and GELU of arrays, exact and through tanh: any shape (..., F) in, the same shape and dtype out.

The bias (F,), or None, is added to x on the way: a layer's output is then read once instead of twice. The backward
pass gets the forward pass's output as well, since output / x is what it needs of Φ(x).
"""

from minigrad.array_type import Array
from minigrad.kernels import wants_cuda, wants_reference


def gelu_forward(x: Array, bias: Array | None) -> Array:
    """v · Φ(v), v = x + bias."""
    if wants_reference(x):
        from minigrad.kernels.gelu import reference

        return reference.gelu_forward(x, bias)
    if wants_cuda(x):
        from minigrad.kernels.gelu import cuda

        return cuda.gelu_forward(x, bias)
    from minigrad.kernels.gelu import cpu

    return cpu.gelu_forward(x, bias)


def gelu_backward(grad: Array, x: Array, bias: Array | None, out: Array) -> Array:
    """The gradient of v = x + bias through `gelu_forward`."""
    if wants_reference(x):
        from minigrad.kernels.gelu import reference

        return reference.gelu_backward(grad, x, bias, out)
    if wants_cuda(x):
        from minigrad.kernels.gelu import cuda

        return cuda.gelu_backward(grad, x, bias, out)
    from minigrad.kernels.gelu import cpu

    return cpu.gelu_backward(grad, x, bias, out)


def gelu_tanh_forward(x: Array, bias: Array | None) -> Array:
    """The approximation through tanh."""
    if wants_reference(x):
        from minigrad.kernels.gelu import reference

        return reference.gelu_tanh_forward(x, bias)
    if wants_cuda(x):
        from minigrad.kernels.gelu import cuda

        return cuda.gelu_tanh_forward(x, bias)
    from minigrad.kernels.gelu import cpu

    return cpu.gelu_tanh_forward(x, bias)


def gelu_tanh_backward(grad: Array, x: Array, bias: Array | None, out: Array) -> Array:
    """The gradient of v = x + bias through `gelu_tanh_forward`."""
    if wants_reference(x):
        from minigrad.kernels.gelu import reference

        return reference.gelu_tanh_backward(grad, x, bias, out)
    if wants_cuda(x):
        from minigrad.kernels.gelu import cuda

        return cuda.gelu_tanh_backward(grad, x, bias, out)
    from minigrad.kernels.gelu import cpu

    return cpu.gelu_tanh_backward(grad, x, bias, out)
