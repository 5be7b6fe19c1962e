"""Arithmetic, elementwise and with broadcasting: each function beside its derivative.

All take tensors, arrays or numbers, and return a tensor of the broadcast shape. A rule may return gradients of the
broadcast shape: `Tensor.backward` sums them to the shape of the input.

Ops such as maximum pass each value on or drop it. Their rules select the gradient with np.where instead of multiplying
it by 1 or 0: an incoming gradient may be infinite (the derivative of sqrt at 0 is), and 0 · ∞ is NaN.
"""

import numpy as np

from minigrad.device import beside
from minigrad.ops.operands import as_floats
from minigrad.tensor import Array, Tensor, TensorLike, as_operands, as_tensor, raw_array, record

_NUMBER = (int, float, np.integer, np.floating)


def add(a: TensorLike, b: TensorLike) -> Tensor:
    """a + b."""
    a, b = as_operands(a, b)

    def add_backward(grad: Array) -> tuple[Array, Array]:
        return grad, grad  # ∂(a + b)/∂a = ∂(a + b)/∂b = 1

    return record(a.data + b.data, (a, b), add_backward)


def sub(a: TensorLike, b: TensorLike) -> Tensor:
    """a - b."""
    a, b = as_operands(a, b)
    b_needs_grad = b.requires_grad

    def sub_backward(grad: Array) -> tuple[Array, Array | None]:
        return grad, -grad if b_needs_grad else None

    return record(a.data - b.data, (a, b), sub_backward)


def mul(a: TensorLike, b: TensorLike) -> Tensor:
    """a · b."""
    a, b = as_operands(a, b)
    a_data, b_data = a.data, b.data
    a_needs_grad, b_needs_grad = a.requires_grad, b.requires_grad

    def mul_backward(grad: Array) -> tuple[Array | None, Array | None]:
        # The product rule: ∂(ab)/∂a = b, ∂(ab)/∂b = a.
        return (grad * b_data if a_needs_grad else None), (grad * a_data if b_needs_grad else None)

    return record(a_data * b_data, (a, b), mul_backward, reads=(a, b))


def div(a: TensorLike, b: TensorLike) -> Tensor:
    """a / b."""
    a, b = as_operands(a, b)
    a_data, b_data = a.data, b.data
    a_needs_grad, b_needs_grad = a.requires_grad, b.requires_grad

    def div_backward(grad: Array) -> tuple[Array | None, Array | None]:
        grad_a = grad / b_data  # ∂(a/b)/∂a = 1/b
        # ∂(a/b)/∂b = -a/b², as -(1/b) (a/b): b² alone may overflow.
        return (grad_a if a_needs_grad else None), (-grad_a * (a_data / b_data) if b_needs_grad else None)

    return record(a_data / b_data, (a, b), div_backward, reads=(a, b))


def neg(x: TensorLike) -> Tensor:
    """-x."""
    x = as_tensor(x)

    def neg_backward(grad: Array) -> Array:
        return -grad

    return record(-x.data, (x,), neg_backward)


def power(x: TensorLike, exponent: float) -> Tensor:
    """x to a constant power. If the exponent is a tensor, write exp(b * log(a))."""
    if isinstance(exponent, bool | np.bool_) or not isinstance(exponent, _NUMBER):
        raise TypeError(f"exponent must be a number, got {type(exponent).__name__}; use exp(exponent * log(x))")
    exponent = exponent.item() if isinstance(exponent, np.generic) else exponent
    x = as_floats(x) if exponent < 0 else as_tensor(x)  # a negative power gives fractions
    x_data = x.data

    def power_backward(grad: Array) -> Array:
        # n x^(n - 1). For n = 0 that would be 0 · ∞ at x = 0.
        return grad * (exponent * x_data ** (exponent - 1)) if exponent else np.zeros_like(grad)

    return record(x_data**exponent, (x,), power_backward, reads=(x,))


def exp(x: TensorLike) -> Tensor:
    """e to the x."""
    x = as_floats(x)
    out = np.exp(x.data)

    def exp_backward(grad: Array) -> Array:
        return grad * out  # e^x is its own derivative

    return record(out, (x,), exp_backward, reads_output=True)


def log(x: TensorLike) -> Tensor:
    """The natural logarithm of x."""
    x = as_floats(x)
    x_data = x.data

    def log_backward(grad: Array) -> Array:
        return grad / x_data

    return record(np.log(x_data), (x,), log_backward, reads=(x,))


def sqrt(x: TensorLike) -> Tensor:
    """The square root of x."""
    x = as_floats(x)
    out = np.sqrt(x.data)

    def sqrt_backward(grad: Array) -> Array:
        return grad / (2 * out)  # (√x)' = 1 / (2 √x)

    return record(out, (x,), sqrt_backward, reads_output=True)


def abs(x: TensorLike) -> Tensor:
    """The absolute value of x; its gradient at 0 is 0."""
    x = as_tensor(x)
    x_data = x.data

    def abs_backward(grad: Array) -> Array:
        return np.where(x_data == 0, 0, np.where(x_data > 0, grad, -grad))

    return record(np.abs(x_data), (x,), abs_backward, reads=(x,))


def maximum(a: TensorLike, b: TensorLike) -> Tensor:
    """The larger of a and b; where they are equal, each receives half of the gradient."""
    a, b = as_operands(a, b)
    a_data, b_data = a.data, b.data
    a_needs_grad, b_needs_grad = a.requires_grad, b.requires_grad

    def maximum_backward(grad: Array) -> tuple[Array | None, Array | None]:
        halved_if_equal = np.where(a_data == b_data, 0.5 * grad, grad)  # comparisons with NaN are False: both get all
        grad_a = np.where(a_data < b_data, 0, halved_if_equal) if a_needs_grad else None
        return grad_a, np.where(a_data > b_data, 0, halved_if_equal) if b_needs_grad else None

    return record(np.maximum(a_data, b_data), (a, b), maximum_backward, reads=(a, b))


def minimum(a: TensorLike, b: TensorLike) -> Tensor:
    """The smaller of a and b; where they are equal, each receives half of the gradient."""
    a, b = as_operands(a, b)
    a_data, b_data = a.data, b.data
    a_needs_grad, b_needs_grad = a.requires_grad, b.requires_grad

    def minimum_backward(grad: Array) -> tuple[Array | None, Array | None]:
        halved_if_equal = np.where(a_data == b_data, 0.5 * grad, grad)  # comparisons with NaN are False: both get all
        grad_a = np.where(a_data > b_data, 0, halved_if_equal) if a_needs_grad else None
        return grad_a, np.where(a_data < b_data, 0, halved_if_equal) if b_needs_grad else None

    return record(np.minimum(a_data, b_data), (a, b), minimum_backward, reads=(a, b))


def clip(x: TensorLike, low: float, high: float) -> Tensor:
    """x limited to [low, high]; the gradient of values outside is 0."""
    if not isinstance(low, _NUMBER) or not isinstance(high, _NUMBER):
        raise TypeError(f"low and high must be numbers, infinite for no limit; got {low!r} and {high!r}")
    if not low <= high:
        raise ValueError(f"low must not be above high, got {low} and {high}")
    x = as_tensor(x)
    inside = (x.data >= low) & (x.data <= high)

    def clip_backward(grad: Array) -> Array:
        return np.where(inside, grad, 0)

    return record(np.clip(x.data, low, high), (x,), clip_backward)


def where(condition: Array, a: TensorLike, b: TensorLike) -> Tensor:
    """a where the boolean array `condition` holds, b elsewhere."""
    a, b = as_operands(a, b)
    condition = raw_array(condition)
    if condition.dtype != np.bool_:
        raise TypeError(f"condition must be boolean, got {condition.dtype}")
    condition = beside(condition, a.data).copy()  # the caller may overwrite it before the backward pass
    a_needs_grad, b_needs_grad = a.requires_grad, b.requires_grad

    def where_backward(grad: Array) -> tuple[Array | None, Array | None]:
        grad_a = np.where(condition, grad, 0) if a_needs_grad else None
        return grad_a, np.where(condition, 0, grad) if b_needs_grad else None

    return record(np.where(condition, a.data, b.data), (a, b), where_backward)
