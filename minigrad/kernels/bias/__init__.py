"""A bias that is added to every row of a matrix, and its gradient, the sum of the rows.

Contract: x and grad (N, D), bias (D,), one floating dtype. The order of the sum is fixed, so its bits are always the
same.
"""

from minigrad.array_type import Array
from minigrad.kernels import backend_for, wrong_shape


def add_bias(x: Array, bias: Array) -> None:
    """x[i] += bias for every row, in place; x is C-contiguous."""
    if bias.shape != x.shape[1:]:
        raise wrong_shape("bias", bias, x.shape[1:])
    backend = backend_for(__name__, x)
    backend.add_bias(x, bias)


def sum_of_rows(grad: Array) -> Array:
    """Σ_i grad[i], (N, D) → (D,): the gradient of the bias. Zeros if there is no row."""
    backend = backend_for(__name__, grad)
    return backend.sum_of_rows(grad)
