"""Reductions over axes, and softmax: each beside its derivative.

`axis` is one axis, several, or None for all; `keepdims` keeps the reduced axes with length 1, as in NumPy.
"""

import numpy as np

from minigrad.conversion import added_up
from minigrad.ops.operands import as_floats
from minigrad.tensor import Array, Axis, Tensor, TensorLike, as_tensor, record


def sum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis`. For booleans it counts those that are True."""
    x = as_tensor(x)
    shape = x.shape

    def sum_backward(grad: Array) -> Array:
        # ∂(Σ x)/∂x_i = 1: every term receives the gradient of its sum.
        return np.broadcast_to(_with_axis(grad, axis, keepdims), shape)

    return record(added_up(x.data, axis, keepdims), (x,), sum_backward)


def mean(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis`. For integers it is float64."""
    x = as_floats(x)
    shape = x.shape
    out = x.data.mean(axis=axis, keepdims=keepdims, dtype=np.float64)  # see `added_up`
    count = x.size / (out.size or 1)  # how many values each mean is taken over

    def mean_backward(grad: Array) -> Array:
        return np.broadcast_to(_with_axis(grad / count, axis, keepdims), shape)

    return record(out.astype(x.dtype, copy=False), (x,), mean_backward)


def var(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance over `axis`, divided by n (not n - 1), as layer normalisation uses it."""
    x = as_floats(x)
    exact = x.data - x.data.mean(axis=axis, keepdims=True, dtype=np.float64)  # float32 may not represent the mean
    out = (exact * exact).mean(axis=axis, keepdims=keepdims).astype(x.dtype, copy=False)
    count, centred = x.size / (out.size or 1), exact.astype(x.dtype, copy=False)

    def var_backward(grad: Array) -> Array:
        # 2 (x - mean) / n. The mean depends on x too, but that adds nothing: Σ (x - mean) = 0.
        return (2 / count) * _with_axis(grad, axis, keepdims) * centred

    return record(out, (x,), var_backward)


def max(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The maximum over `axis`; equal maxima share the gradient evenly.

    Raises:
        ValueError: if there is nothing along `axis`, or no such axis.
    """
    x = as_tensor(x)
    try:
        highest = x.data.max(axis=axis, keepdims=True)
    except ValueError as error:
        raise ValueError(f"max over axis {axis} of shape {x.shape}: {error}") from error
    is_max = (x.data == highest) | (x.data != x.data)  # the maximum is NaN if there is one

    def max_backward(grad: Array) -> Array:
        share = _with_axis(grad, axis, keepdims) / is_max.sum(axis=axis, keepdims=True, dtype=grad.dtype)
        return np.where(is_max, share, 0)

    return record(x.data.max(axis=axis, keepdims=keepdims), (x,), max_backward)


def logsumexp(x: TensorLike, axis: Axis = -1, keepdims: bool = False) -> Tensor:
    """log Σ e^x over `axis`, without overflow. -inf if all numbers are -inf, inf if one is inf."""
    x = as_floats(x)
    # log Σ e^x = m + log Σ e^(x - m) for any m. With m = max x no exponent is positive, so nothing overflows.
    limit = np.finfo(x.dtype).max
    highest = np.clip(x.data.max(axis=axis, keepdims=True), -limit, limit)  # finite, because ∞ - ∞ is NaN
    with np.errstate(over="ignore"):
        shifted = x.data - highest
    exps = np.exp(shifted)
    out = _log_total(shifted, exps, axis) + highest

    def logsumexp_backward(grad: Array) -> Array:
        # ∂(log Σ e^x)/∂x_i = e^x_i / Σ e^x: the softmax.
        with np.errstate(invalid="ignore"):  # 0 / 0 is NaN if all numbers are -inf, as in PyTorch
            return _with_axis(grad, axis, keepdims) * (exps / added_up(exps, axis, keepdims=True))

    return record(out if keepdims else out.squeeze(axis), (x,), logsumexp_backward)


def softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """e^x / Σ e^x over `axis`: positive numbers that sum to 1. NaN if all numbers are -inf, or one is inf."""
    x = as_floats(x)
    with np.errstate(invalid="ignore", over="ignore"):
        exps = np.exp(x.data - x.data.max(axis=axis, keepdims=True))  # e^-max cancels in the fraction
    out = exps / added_up(exps, axis, keepdims=True)

    def softmax_backward(grad: Array) -> Array:
        # ∂p_i/∂x_j = p_i (δ_ij - p_j), so ∂L/∂x_j = p_j (g_j - Σ_i g_i p_i).
        return out * (grad - added_up(grad * out, axis, keepdims=True))

    return record(out, (x,), softmax_backward, reads_output=True)


def log_softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """log(softmax(x)) over `axis`, without underflow. NaN where softmax is NaN."""
    x = as_floats(x)
    with np.errstate(invalid="ignore", over="ignore"):
        shifted = x.data - x.data.max(axis=axis, keepdims=True)
    out = shifted - _log_total(shifted, np.exp(shifted), axis)

    def log_softmax_backward(grad: Array) -> Array:
        # ∂(log p_i)/∂x_j = δ_ij - p_j, so ∂L/∂x_j = g_j - p_j Σ_i g_i.
        return grad - np.exp(out) * added_up(grad, axis, keepdims=True)

    return record(out, (x,), log_softmax_backward, reads_output=True)


def _log_total(shifted: Array, exps: Array, axis: Axis) -> Array:
    """log Σ exps, where exps = e^shifted, and the maximum of shifted is 0 (unless it is infinite).

    The maximum contributes e^0 = 1, so this is log(1 + the others). log1p keeps others below e^-17, which float32 would
    lose if they were added to 1 first.
    """
    is_highest = shifted == 0
    others = added_up(np.where(is_highest, 0, exps), axis, keepdims=True)
    n_more = is_highest.sum(axis=axis, keepdims=True, dtype=exps.dtype) - 1  # other values equal to the maximum
    with np.errstate(divide="ignore"):  # log 0 if all numbers are -inf
        return np.log1p(others + n_more)


def _with_axis(grad: Array, axis: Axis, keepdims: bool) -> Array:
    """Put the reduced axes back, with length 1, so that the gradient broadcasts to the shape of the input."""
    return grad if keepdims or axis is None else np.expand_dims(grad, axis)
