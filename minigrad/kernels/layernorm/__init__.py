"""Layer normalisation and RMS normalisation of arrays, over the last axis.

Contract: x (..., D), weight and bias (D,), one floating dtype, any strides. The forward pass also
returns what the backward pass needs: the mean and the reciprocal standard deviation `rstd` of each
row, of shape (..., 1).

The output is right to the last bits for rows of any size and offset, as long as it can be represented. The backward
pass takes the mean as it was stored, rounded to the dtype: in float32 its error relative to the gradient is 6e-8 times
mean / standard deviation.
"""

from minigrad.array_type import Array
from minigrad.kernels import check_shape, wants_cuda, wants_reference


def layernorm_forward(x: Array, weight: Array, bias: Array, eps: float) -> tuple[Array, Array, Array]:
    """(x - mean) · rstd · weight + bias → the output, mean, rstd."""
    check_shape("weight", weight, x.shape[-1:])
    check_shape("bias", bias, x.shape[-1:])
    if wants_reference(x):
        from minigrad.kernels.layernorm import reference

        return reference.layernorm_forward(x, weight, bias, eps)
    if wants_cuda(x):
        from minigrad.kernels.layernorm import cuda

        return cuda.layernorm_forward(x, weight, bias, eps)
    from minigrad.kernels.layernorm import cpu

    return cpu.layernorm_forward(x, weight, bias, eps)


def layernorm_backward(grad: Array, x: Array, weight: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    """The gradients of x, weight and bias."""
    check_shape("grad", grad, x.shape)
    check_shape("weight", weight, x.shape[-1:])
    check_shape("mean", mean, (*x.shape[:-1], 1))
    check_shape("rstd", rstd, (*x.shape[:-1], 1))
    if wants_reference(x):
        from minigrad.kernels.layernorm import reference

        return reference.layernorm_backward(grad, x, weight, mean, rstd)
    if wants_cuda(x):
        from minigrad.kernels.layernorm import cuda

        return cuda.layernorm_backward(grad, x, weight, mean, rstd)
    from minigrad.kernels.layernorm import cpu

    return cpu.layernorm_backward(grad, x, weight, mean, rstd)


def rmsnorm_forward(x: Array, weight: Array, eps: float) -> tuple[Array, Array]:
    """x · rstd · weight → the output, rstd."""
    check_shape("weight", weight, x.shape[-1:])
    if wants_reference(x):
        from minigrad.kernels.layernorm import reference

        return reference.rmsnorm_forward(x, weight, eps)
    if wants_cuda(x):
        from minigrad.kernels.layernorm import cuda

        return cuda.rmsnorm_forward(x, weight, eps)
    from minigrad.kernels.layernorm import cpu

    return cpu.rmsnorm_forward(x, weight, eps)


def rmsnorm_backward(grad: Array, x: Array, weight: Array, rstd: Array) -> tuple[Array, Array]:
    """The gradients of x and weight."""
    check_shape("grad", grad, x.shape)
    check_shape("weight", weight, x.shape[-1:])
    check_shape("rstd", rstd, (*x.shape[:-1], 1))
    if wants_reference(x):
        from minigrad.kernels.layernorm import reference

        return reference.rmsnorm_backward(grad, x, weight, rstd)
    if wants_cuda(x):
        from minigrad.kernels.layernorm import cuda

        return cuda.rmsnorm_backward(grad, x, weight, rstd)
    from minigrad.kernels.layernorm import cpu

    return cpu.rmsnorm_backward(grad, x, weight, rstd)
