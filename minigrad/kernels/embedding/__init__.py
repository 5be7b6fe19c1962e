"""The backward pass of an embedding: the gradient of each looked-up row goes to the row of its token.

Contract: grad (N, D) floating, any strides; rows (N,) integers in [0, n_rows). Others raise ValueError, but on a GPU,
which would have to be waited for, they are left out.
"""

from minigrad.array_type import Array
from minigrad.kernels import check_range, check_shape, wants_cuda, wants_reference


def scatter_add(grad: Array, rows: Array, n_rows: int) -> Array:
    """(n_rows, D): the sum of the gradients of each row, added up in the order in which they stand."""
    check_shape("rows", rows, grad.shape[:1])
    if wants_reference(grad):
        check_range("rows", rows, n_rows)
        from minigrad.kernels.embedding import reference

        return reference.scatter_add(grad, rows, n_rows)
    if wants_cuda(grad):
        check_range("rows", rows, n_rows)
        from minigrad.kernels.embedding import cuda

        return cuda.scatter_add(grad, rows, n_rows)
    from minigrad.kernels.embedding import cpu

    return cpu.scatter_add(grad, rows, n_rows)
