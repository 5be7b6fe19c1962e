"""A bias, added to every row of a matrix, and its gradient, the sum of the rows.

Contract: x and grad (N, D), bias (D,), one floating dtype. The sum is added up in a fixed order: the same bits
whenever it is computed.
"""

from minigrad.array_type import Array
from minigrad.kernels import check_shape, wants_cuda, wants_reference


def add_bias(x: Array, bias: Array) -> None:
    """x[i] += bias for every row, in place; x lies in C order."""
    check_shape("bias", bias, x.shape[1:])
    if wants_reference(x):
        from minigrad.kernels.bias import reference

        return reference.add_bias(x, bias)
    if wants_cuda(x):
        from minigrad.kernels.bias import cuda

        return cuda.add_bias(x, bias)
    from minigrad.kernels.bias import cpu

    return cpu.add_bias(x, bias)


def sum_of_rows(grad: Array) -> Array:
    """Σ_i grad[i], (N, D) → (D,): the gradient of the bias. Zeros if there is no row."""
    if wants_reference(grad):
        from minigrad.kernels.bias import reference

        return reference.sum_of_rows(grad)
    if wants_cuda(grad):
        from minigrad.kernels.bias import cuda

        return cuda.sum_of_rows(grad)
    from minigrad.kernels.bias import cpu

    return cpu.sum_of_rows(grad)
