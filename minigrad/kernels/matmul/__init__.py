"""Matrix product of arrays: `matmul(a, b)` over the last two axes; leading axes broadcast.

Shapes: a (..., M, K), b (..., K, N) → (..., M, N), in the dtype of a and b. Any strides. Each backend refuses shapes
that do not fit: BLAS does, and our own kernels do.

float32 is multiplied in full float32 everywhere. The fast, inexact formats of a GPU, TF32 and bfloat16, are another
function, `tensor_core.tensor_core_matmul`, so that nobody gets them without asking.
"""

from minigrad.array_type import Array
from minigrad.kernels import backend_for


def matmul(a: Array, b: Array) -> Array:
    """C[..., i, j] = Σ_k A[..., i, k] B[..., k, j]."""
    backend = backend_for(__name__, a)
    return backend.matmul(a, b)
