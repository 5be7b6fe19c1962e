"""ReLU of arrays: any shape in, the same shape and dtype out.

The backward pass gets the forward pass's output, which is positive where the input is.
"""

from minigrad.array_type import Array
from minigrad.kernels import check_shape, wants_cuda, wants_reference


def relu_forward(x: Array) -> Array:
    """max(x, 0)."""
    if wants_reference(x):
        from minigrad.kernels.relu import reference

        return reference.relu_forward(x)
    if wants_cuda(x):
        from minigrad.kernels.relu import cuda

        return cuda.relu_forward(x)
    from minigrad.kernels.relu import cpu

    return cpu.relu_forward(x)


def relu_backward(grad: Array, out: Array) -> Array:
    """The gradient of x; at x = 0 it is 0."""
    check_shape("grad", grad, out.shape)
    if wants_reference(grad):
        from minigrad.kernels.relu import reference

        return reference.relu_backward(grad, out)
    if wants_cuda(grad):
        from minigrad.kernels.relu import cuda

        return cuda.relu_backward(grad, out)
    from minigrad.kernels.relu import cpu

    return cpu.relu_backward(grad, out)
