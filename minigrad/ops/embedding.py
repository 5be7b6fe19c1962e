"""Embedding: rows of a table, looked up by token id."""

import numpy as np

from minigrad.tensor import Array, Tensor, TensorLike, record


def embedding(ids: TensorLike, weight: Tensor) -> Tensor:
    """weight[ids].

    Shapes: ids (...) integers in [0, V), weight (V, D) → (..., D).

    Raises:
        TypeError: if ids are not integers.
        ValueError: if an id lies outside the table, naming it.
    """
    rows = check_ids(ids, weight.shape[0])
    table_shape = weight.shape

    def embedding_backward(grad: Array) -> Array:
        # A token that occurs several times adds up all its gradients. Sorting by id brings them
        # together, so that each row is one sum, in a fixed order.
        grads = grad.reshape(-1, table_shape[1])
        table = np.zeros_like(grad, shape=table_shape)
        if len(grads):
            order = np.argsort(rows.reshape(-1), kind="stable")
            sorted_rows = rows.reshape(-1)[order]
            starts = np.flatnonzero(np.concatenate([[True], sorted_rows[1:] != sorted_rows[:-1]]))
            table[sorted_rows[starts]] = np.add.reduceat(grads[order], starts, axis=0)
        return table

    return record(weight.data[rows], (weight,), embedding_backward)


def check_ids(ids: TensorLike, vocab_size: int) -> Array:
    """Token ids as an integer array, every one of them in [0, vocab_size)."""
    ids = ids.data if isinstance(ids, Tensor) else np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"ids must be integers, got {ids.dtype}")
    if ids.size and (ids.min() < 0 or ids.max() >= vocab_size):
        outside = ids[(ids < 0) | (ids >= vocab_size)][0]
        raise ValueError(f"ids must lie in [0, {vocab_size}), the size of the vocabulary; got {outside}")
    return ids
