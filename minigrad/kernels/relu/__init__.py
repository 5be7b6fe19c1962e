"""ReLU of arrays: any shape in, the same shape and dtype out.

The backward pass is given the output of the forward pass, which is positive where the input is.
"""

from minigrad.array_type import Array
from minigrad.kernels import backend_for, wrong_shape


def relu_forward(x: Array) -> Array:
    """max(x, 0)."""
    backend = backend_for(__name__, x)
    return backend.relu_forward(x)


def relu_backward(grad: Array, out: Array) -> Array:
    """The gradient of x; it is 0 at x = 0."""
    if grad.shape != out.shape:
        raise wrong_shape("grad", grad, out.shape)
    backend = backend_for(__name__, grad)
    return backend.relu_backward(grad, out)
