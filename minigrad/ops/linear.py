"""Matrix products: the general one, and the linear layer that models are made of."""

import numpy as np

from minigrad.conversion import OF_KERNELS, for_kernel
from minigrad.gradients import unbroadcast
from minigrad.kernels import bias as bias_kernel
from minigrad.kernels import matmul as kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_operands, record


def matmul(a: TensorLike, b: TensorLike) -> Tensor:
    """The matrix product over the last two axes; leading axes broadcast.

    Shapes: a (..., M, K), b (..., K, N) → (..., M, N). A vector stands for a row on the left, for a
    column on the right, as in NumPy.

    Integers are multiplied as integers; beside floats they become floats.

    Raises:
        ValueError: if the inner lengths differ.
        TypeError: if the product would be float16.
    """
    a, b = as_operands(a, b)
    if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise ValueError(f"matmul needs (..., M, K) and (..., K, N), got {a.shape} and {b.shape}")
    row, column = a.ndim == 1, b.ndim == 1
    a_data, b_data = a.data, b.data
    if a_data.dtype is not b_data.dtype or a_data.dtype not in OF_KERNELS:
        dtype = np.result_type(a_data, b_data)
        if dtype.kind != "f":  # no gradient can be asked for, and the kernels are for floats
            return Tensor(np.matmul(a_data, b_data))
        a_data, b_data = a_data.astype(dtype, copy=False), b_data.astype(dtype, copy=False)
        for_kernel("matmul", "ab", a_data, b_data)
    a_data = a_data[None, :] if row else a_data
    b_data = b_data[:, None] if column else b_data
    a_shape, b_shape = a.shape, b.shape
    a_needs_grad, b_needs_grad = a.requires_grad, b.requires_grad
    out = kernel.matmul(a_data, b_data)
    full_shape = out.shape
    if row or column:
        out = out.reshape(full_shape[:-2] + (() if row else full_shape[-2:-1]) + (() if column else full_shape[-1:]))

    def matmul_backward(grad: Array) -> tuple[Array | None, Array | None]:
        grad = grad.reshape(full_shape)
        grad_a = grad_b = None
        if a_needs_grad:
            grad_a = unbroadcast(kernel.matmul(grad, b_data.swapaxes(-1, -2)), a_data.shape).reshape(a_shape)
        if b_needs_grad:
            grad_b = unbroadcast(kernel.matmul(a_data.swapaxes(-1, -2), grad), b_data.shape).reshape(b_shape)
        return grad_a, grad_b

    return record(out, (a, b), matmul_backward, reads=(a, b))


def linear(x: TensorLike, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x · weightᵀ + bias, as one op.

    Shapes: x (..., in), weight (out, in), bias (out,) → (..., out).

    Raises:
        ValueError: if the shapes do not fit.
        TypeError: if an array is neither float32 nor float64.
    """
    x, weight = as_operands(x, weight)
    x_shape, x_needs_grad = x.shape, x.requires_grad
    if weight.ndim != 2:
        raise ValueError(f"weight must have shape (out, in), got {weight.shape}")
    n_out, n_in = weight.shape
    if x_shape[-1:] != (n_in,):
        raise ValueError(f"linear needs x (..., {n_in}) for a weight of shape {weight.shape}, got x {x_shape}")
    if bias is not None:
        x, bias = as_operands(x, bias)
        if bias.shape != (n_out,):
            raise ValueError(f"bias must have shape ({n_out},), got {bias.shape}")
    if bias is None:
        x_data, w = for_kernel("linear", ("x", "weight"), x.data, weight.data)
    else:
        x_data, w, b = for_kernel("linear", ("x", "weight", "bias"), x.data, weight.data, bias.data)
    rows = x_data.reshape(-1, n_in)
    out = kernel.matmul(rows, w.T)
    if bias is not None:
        bias_kernel.add_bias(out, b)

    def linear_backward(grad: Array) -> tuple[Array | None, ...]:
        grad = grad.reshape(-1, n_out)
        grad_x = kernel.matmul(grad, w).reshape(x_shape) if x_needs_grad else None
        grad_w = kernel.matmul(grad.T, rows)
        return (grad_x, grad_w) if bias is None else (grad_x, grad_w, bias_kernel.sum_of_rows(grad))

    inputs = (x, weight) if bias is None else (x, weight, bias)
    return record(out.reshape(*x_shape[:-1], n_out), inputs, linear_backward, reads=(x, weight))
