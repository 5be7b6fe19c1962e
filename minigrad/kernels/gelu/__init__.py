"""GELU of arrays, exact and through tanh: any shape in, the same shape and dtype out.

The backward pass gets the forward pass's output as well, since output / x is what it needs of Φ(x).

How exact the fast kernels are in float32, relative to the result: 1.5e-6 from -5 upwards for GELU, 4e-6 for the tanh
form and its gradient; further down the rounding of an exponent shows, 5e-6 at -10 for GELU, 1.2e-5 for the tanh form.
Where Φ(x) is below 1e-38, at about -13 and -10, they give 0. (PyTorch's float32 gives 0 from -5.5 on.)
"""

from minigrad.array_type import Array
from minigrad.kernels import check_shape, wants_cuda, wants_reference


def gelu_forward(x: Array) -> Array:
    """x · Φ(x)."""
    if wants_reference(x):
        from minigrad.kernels.gelu import reference

        return reference.gelu_forward(x)
    if wants_cuda(x):
        from minigrad.kernels.gelu import cuda

        return cuda.gelu_forward(x)
    from minigrad.kernels.gelu import cpu

    return cpu.gelu_forward(x)


def gelu_backward(grad: Array, x: Array, out: Array) -> Array:
    """The gradient of x through `gelu_forward`."""
    check_shape("grad", grad, x.shape)
    check_shape("out", out, x.shape)
    if wants_reference(x):
        from minigrad.kernels.gelu import reference

        return reference.gelu_backward(grad, x, out)
    if wants_cuda(x):
        from minigrad.kernels.gelu import cuda

        return cuda.gelu_backward(grad, x, out)
    from minigrad.kernels.gelu import cpu

    return cpu.gelu_backward(grad, x, out)


def gelu_tanh_forward(x: Array) -> Array:
    """The approximation through tanh."""
    if wants_reference(x):
        from minigrad.kernels.gelu import reference

        return reference.gelu_tanh_forward(x)
    if wants_cuda(x):
        from minigrad.kernels.gelu import cuda

        return cuda.gelu_tanh_forward(x)
    from minigrad.kernels.gelu import cpu

    return cpu.gelu_tanh_forward(x)


def gelu_tanh_backward(grad: Array, x: Array, out: Array) -> Array:
    """The gradient of x through `gelu_tanh_forward`."""
    check_shape("grad", grad, x.shape)
    check_shape("out", out, x.shape)
    if wants_reference(x):
        from minigrad.kernels.gelu import reference

        return reference.gelu_tanh_backward(grad, x, out)
    if wants_cuda(x):
        from minigrad.kernels.gelu import cuda

        return cuda.gelu_tanh_backward(grad, x, out)
    from minigrad.kernels.gelu import cpu

    return cpu.gelu_tanh_backward(grad, x, out)
