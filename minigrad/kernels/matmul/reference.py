"""The specification of the matrix product: a sum of outer products, one for each k."""

import numpy as np

from minigrad.array_type import Array


def matmul(a: Array, b: Array) -> Array:
    """C = Σ_k (column k of A) (row k of B)."""
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"matmul needs (..., M, K) and (..., K, N), got {a.shape} and {b.shape}")
    leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    c = np.zeros_like(a, shape=(*leading, a.shape[-2], b.shape[-1]), dtype=np.result_type(a, b))  # (..., M, N)
    # The loops over i, j and k may be nested in any order. With k outside, each step is a whole matrix. Each step
    # reads and writes all of C, so a large K is far slower than with BLAS, which keeps a part of C in registers.
    for k in range(a.shape[-1]):
        column, row = a[..., :, k], b[..., k, :]  # (..., M) and (..., N)
        c += column[..., :, None] * row[..., None, :]  # (..., M, 1) · (..., 1, N)
    return c
