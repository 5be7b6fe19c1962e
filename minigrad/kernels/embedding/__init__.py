"""The backward pass of an embedding: the gradient of each row that was looked up is added to its token's row.

Contract: grad (N, D) floating, any strides; rows (N,) integers in [0, n_rows). Other rows raise ValueError. On a GPU
they are skipped instead, because the CPU would have to wait for the GPU to find them.
"""

from minigrad.array_type import Array
from minigrad.kernels import backend_for, wrong_shape


def scatter_add(grad: Array, rows: Array, n_rows: int) -> Array:
    """(n_rows, D): for each row of the table the sum of its gradients, in the order of their positions."""
    if rows.shape != grad.shape[:1]:
        raise wrong_shape("rows", rows, grad.shape[:1])
    backend = backend_for(__name__, grad)
    return backend.scatter_add(grad, rows, n_rows)
