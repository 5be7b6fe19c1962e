"""Layer normalisation and RMS normalisation of arrays, over the last axis.

Contract: x (..., D), weight and bias (D,), one floating dtype, any strides. The forward pass also returns what the
backward pass needs: the mean and the reciprocal standard deviation `rstd` of each row, both (..., 1).

The output is exact to the last bits for rows of any size and offset, as long as it can be represented. The backward
pass uses the stored mean, which is rounded to the dtype. In float32 its error, relative to the gradient, is therefore
6e-8 times mean / standard deviation.
"""

from minigrad.array_type import Array
from minigrad.kernels import backend_for, wrong_shape


def layernorm_forward(x: Array, weight: Array, bias: Array, eps: float) -> tuple[Array, Array, Array]:
    """(x - mean) · rstd · weight + bias → the output, mean, rstd."""
    row = x.shape[-1:]
    if weight.shape != row:
        raise wrong_shape("weight", weight, row)
    if bias.shape != row:
        raise wrong_shape("bias", bias, row)
    backend = backend_for(__name__, x)
    return backend.layernorm_forward(x, weight, bias, eps)


def layernorm_backward(grad: Array, x: Array, weight: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    """The gradients of x, weight and bias."""
    _check_backward(grad, x, weight, rstd)
    if mean.shape != rstd.shape:
        raise wrong_shape("mean", mean, rstd.shape)
    backend = backend_for(__name__, x)
    return backend.layernorm_backward(grad, x, weight, mean, rstd)


def rmsnorm_forward(x: Array, weight: Array, eps: float) -> tuple[Array, Array]:
    """x · rstd · weight → the output, rstd."""
    if weight.shape != x.shape[-1:]:
        raise wrong_shape("weight", weight, x.shape[-1:])
    backend = backend_for(__name__, x)
    return backend.rmsnorm_forward(x, weight, eps)


def rmsnorm_backward(grad: Array, x: Array, weight: Array, rstd: Array) -> tuple[Array, Array]:
    """The gradients of x and weight."""
    _check_backward(grad, x, weight, rstd)
    backend = backend_for(__name__, x)
    return backend.rmsnorm_backward(grad, x, weight, rstd)


def _check_backward(grad: Array, x: Array, weight: Array, rstd: Array) -> None:
    shape = x.shape
    if grad.shape != shape:
        raise wrong_shape("grad", grad, shape)
    if weight.shape != shape[-1:]:
        raise wrong_shape("weight", weight, shape[-1:])
    if rstd.shape != (*shape[:-1], 1):
        raise wrong_shape("rstd", rstd, (*shape[:-1], 1))
