"""Matrix products: the general one, and the linear layer that models are made of."""

import numpy as np

from minigrad.conversion import OF_KERNELS, for_kernel
from minigrad.gradients import unbroadcast
from minigrad.kernels import bias as bias_kernel
from minigrad.kernels import matmul as kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_operands, record


def matmul(a: TensorLike, b: TensorLike) -> Tensor:
    """The matrix product over the last two axes; leading axes broadcast.

    Shapes: a (..., M, K), b (..., K, N) → (..., M, N). As in NumPy, a vector on the left is a row, a vector on the
    right a column.

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
        if dtype.kind != "f":  # integers have no gradient, and kernels compute on floats only
            return Tensor(np.matmul(a_data, b_data))
        a_data, b_data = a_data.astype(dtype, copy=False), b_data.astype(dtype, copy=False)
        for_kernel("matmul", "ab", a_data, b_data)
    a_data = a_data[None, :] if row else a_data  # (..., M, K)
    b_data = b_data[:, None] if column else b_data  # (..., K, N)
    a_shape, b_shape = a.shape, b.shape
    a_needs_grad, b_needs_grad = a.requires_grad, b.requires_grad
    out = kernel.matmul(a_data, b_data)  # (..., M, N)
    full_shape = out.shape
    if row or column:
        out = out.reshape(full_shape[:-2] + (() if row else full_shape[-2:-1]) + (() if column else full_shape[-1:]))

    def matmul_backward(grad: Array) -> tuple[Array | None, Array | None]:
        grad = grad.reshape(full_shape)  # (..., M, N)
        grad_a = grad_b = None
        # C = A B: ∂L/∂A = (∂L/∂C) Bᵀ and ∂L/∂B = Aᵀ (∂L/∂C). Leading axes that broadcast are summed.
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
    rows = x_data.reshape(-1, n_in)  # (N, in): one large product for all leading axes
    out = kernel.matmul(rows, w.T)  # (N, out)
    if bias is not None:
        bias_kernel.add_bias(out, b)

    def linear_backward(grad: Array) -> tuple[Array | None, ...]:
        grad = grad.reshape(-1, n_out)  # (N, out)
        grad_x = kernel.matmul(grad, w).reshape(x_shape) if x_needs_grad else None  # (N, out) · (out, in)
        grad_w = kernel.matmul(grad.T, rows)  # (out, N) · (N, in)
        # The bias was added to each of the N rows, so its gradient is the sum over the rows.
        return (grad_x, grad_w) if bias is None else (grad_x, grad_w, bias_kernel.sum_of_rows(grad))

    inputs = (x, weight) if bias is None else (x, weight, bias)
    return record(out.reshape(*x_shape[:-1], n_out), inputs, linear_backward, reads=(x, weight))
