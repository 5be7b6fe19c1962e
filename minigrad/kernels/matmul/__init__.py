"""Matrix product of arrays: `matmul(a, b)` over the last two axes, leading axes broadcast.

Shapes: a (..., M, K), b (..., K, N) → (..., M, N), in the dtype of a and b. Any strides. Whoever computes
the product, BLAS or a kernel of ours, refuses shapes that do not fit.

float32 is multiplied in full float32 everywhere. The fast inexact formats of a GPU, TF32 and bfloat16, are another
function, `tensor_core.tensor_core_matmul`: nobody gets them without asking.
"""

from minigrad.array_type import Array
from minigrad.kernels import wants_cuda, wants_reference


def matmul(a: Array, b: Array) -> Array:
    """C[..., i, j] = Σ_k A[..., i, k] B[..., k, j]."""
    if wants_reference(a):
        from minigrad.kernels.matmul import reference

        return reference.matmul(a, b)
    if wants_cuda(a):
        from minigrad.kernels.matmul import cuda

        return cuda.matmul(a, b)
    from minigrad.kernels.matmul import cpu

    return cpu.matmul(a, b)
