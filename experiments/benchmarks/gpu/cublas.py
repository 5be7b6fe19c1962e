"""cuBLAS's product of two matrices, with an explicit precision for each call."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.array_type import Array

FLOAT32, BFLOAT16 = 0, 14  # CUDA's element types: CUDA_R_32F, CUDA_R_16BF
IN_FLOAT32, IN_TF32 = 68, 77  # cuBLAS's compute types: CUBLAS_COMPUTE_32F, CUBLAS_COMPUTE_32F_FAST_TF32
DEFAULT_ALGORITHM = -1


def product(cupy: Any, a: Array, b: Array, precision: str) -> Callable[[], Array]:
    """A function that computes a · b into a preallocated float32 array and returns it.

    Shapes: a (M, K), b (K, N), C-contiguous → (M, N); float32, or the bits of bfloat16 for "bf16".

    cuBLAS expects column-major matrices. Our row-major matrices look transposed to it, so it computes Bᵀ Aᵀ = (A B)ᵀ.
    """
    (m, k), n = a.shape, b.shape[1]
    elements = BFLOAT16 if precision == "bf16" else FLOAT32
    way = IN_TF32 if precision == "TF32" else IN_FLOAT32
    out = cupy.empty((m, n), np.float32)
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    cublas, handle = cupy.cuda.cublas, cupy.cuda.device.get_cublas_handle()
    as_it_is = cublas.CUBLAS_OP_N

    def work() -> Array:
        cublas.gemmEx(
            handle, as_it_is, as_it_is, n, m, k,
            one.ctypes.data, b.data.ptr, elements, n, a.data.ptr, elements, k,
            zero.ctypes.data, out.data.ptr, FLOAT32, n, way, DEFAULT_ALGORITHM,
        )  # fmt: skip
        return out

    return work
