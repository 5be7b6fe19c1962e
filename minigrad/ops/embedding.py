"""Embedding: rows of a table, looked up by token id."""

from minigrad.checks import integers
from minigrad.conversion import for_kernel
from minigrad.device import beside
from minigrad.kernels import embedding as kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_tensor, record


def embedding(ids: TensorLike, weight: Tensor) -> Tensor:
    """weight[ids].

    Shapes: ids (...) integers in [0, V), weight (V, D) → (..., D).

    Raises:
        TypeError: if ids are not integers, or weight requires a gradient and is neither float32 nor float64.
        ValueError: if an id lies outside the table, naming it, or weight is no table.
    """
    weight = as_tensor(weight)
    table = weight.data
    if weight.requires_grad:  # the lookup takes any dtype; the backward pass runs a kernel
        for_kernel("embedding", ("weight",), table)
    table_shape = table.shape
    if len(table_shape) != 2:
        raise ValueError(f"weight must have shape (V, D), got {table_shape}")
    rows = beside(check_ids(ids, table_shape[0]), table).copy()  # the caller may overwrite ids before backward

    def embedding_backward(grad: Array) -> Array:
        # weight[ids] copies rows, so the gradient of a row is the sum over all places where its token occurs.
        return kernel.scatter_add(grad.reshape(-1, table_shape[1]), rows.reshape(-1), table_shape[0])

    return record(table[rows], (weight,), embedding_backward)


def check_ids(ids: TensorLike, vocab_size: int, name: str = "ids") -> Array:
    """Token ids as int64, after checking that all lie in [0, vocab_size). If they are on a GPU, this waits for it."""
    rows = integers(name, ids.data if isinstance(ids, Tensor) else ids)
    if rows.size and (rows.min() < 0 or rows.max() >= vocab_size):
        outside = rows[(rows < 0) | (rows >= vocab_size)][0]
        raise ValueError(f"{name} must lie in [0, {vocab_size}), the size of the vocabulary; got {outside}")
    return rows
