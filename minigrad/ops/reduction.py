"""Reductions over axes, and softmax: each beside its derivative.

`axis` is one axis, several, or None for all; `keepdims` keeps them with length 1, as in NumPy.
"""

import numpy as np

from minigrad.conversion import added_up
from minigrad.ops.operands import as_floats
from minigrad.tensor import Array, Axis, Tensor, TensorLike, as_tensor, record


def sum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis`; that of booleans is their number."""
    x = as_tensor(x)
    shape = x.shape

    def sum_backward(grad: Array) -> Array:
        return np.broadcast_to(_with_axis(grad, axis, keepdims), shape)

    return record(added_up(x.data, axis, keepdims), (x,), sum_backward)


def mean(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis`; that of integers is float64."""
    x = as_floats(x)
    shape = x.shape
    out = x.data.mean(axis=axis, keepdims=keepdims, dtype=np.float64)  # see `added_up`
    count = x.size / (out.size or 1)

    def mean_backward(grad: Array) -> Array:
        return np.broadcast_to(_with_axis(grad / count, axis, keepdims), shape)

    return record(out.astype(x.dtype, copy=False), (x,), mean_backward)


def var(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance over `axis`, divided by n (not n - 1), as layer normalisation uses it."""
    x = as_floats(x)
    exact = x.data - x.data.mean(axis=axis, keepdims=True, dtype=np.float64)  # the mean of float32 may be none
    out = (exact * exact).mean(axis=axis, keepdims=keepdims).astype(x.dtype, copy=False)
    count, centred = x.size / (out.size or 1), exact.astype(x.dtype, copy=False)

    def var_backward(grad: Array) -> Array:
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
    is_max = (x.data == highest) | (x.data != x.data)  # NaN, if there is one, is the maximum

    def max_backward(grad: Array) -> Array:
        share = _with_axis(grad, axis, keepdims) / is_max.sum(axis=axis, keepdims=True, dtype=grad.dtype)
        return np.where(is_max, share, 0)

    return record(x.data.max(axis=axis, keepdims=keepdims), (x,), max_backward)


def logsumexp(x: TensorLike, axis: Axis = -1, keepdims: bool = False) -> Tensor:
    """log Σ e^x over `axis`, without overflow: -inf where all numbers are, inf where one is."""
    x = as_floats(x)
    limit = np.finfo(x.dtype).max
    highest = np.clip(x.data.max(axis=axis, keepdims=True), -limit, limit)  # infinity minus infinity is not a number
    with np.errstate(over="ignore"):
        shifted = x.data - highest
    exps = np.exp(shifted)
    out = _log_total(shifted, exps, axis) + highest

    def logsumexp_backward(grad: Array) -> Array:
        with np.errstate(invalid="ignore"):  # 0 / 0 where all are -inf, and so in PyTorch
            return _with_axis(grad, axis, keepdims) * (exps / added_up(exps, axis, keepdims=True))

    return record(out if keepdims else out.squeeze(axis), (x,), logsumexp_backward)


def softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """e^x / Σ e^x over `axis`: positive numbers that sum to one. NaN where all numbers are -inf, or one is inf."""
    x = as_floats(x)
    with np.errstate(invalid="ignore", over="ignore"):
        exps = np.exp(x.data - x.data.max(axis=axis, keepdims=True))
    out = exps / added_up(exps, axis, keepdims=True)

    def softmax_backward(grad: Array) -> Array:
        return out * (grad - added_up(grad * out, axis, keepdims=True))

    return record(out, (x,), softmax_backward, reads_output=True)


def log_softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """log(softmax(x)) over `axis`, without underflow. NaN where softmax is."""
    x = as_floats(x)
    with np.errstate(invalid="ignore", over="ignore"):
        shifted = x.data - x.data.max(axis=axis, keepdims=True)
    out = shifted - _log_total(shifted, np.exp(shifted), axis)

    def log_softmax_backward(grad: Array) -> Array:
        return grad - np.exp(out) * added_up(grad, axis, keepdims=True)

    return record(out, (x,), log_softmax_backward, reads_output=True)


def _log_total(shifted: Array, exps: Array, axis: Axis) -> Array:
    """log Σ exps, with exps = e^shifted and the highest of shifted 0, if it is finite.

    That is the logarithm of 1 plus what the others add. In float32 they are lost from e^-17 on if they are added to
    the 1 before the logarithm is taken.
    """
    is_highest = shifted == 0
    others = added_up(np.where(is_highest, 0, exps), axis, keepdims=True)
    n_more = is_highest.sum(axis=axis, keepdims=True, dtype=exps.dtype) - 1  # equally high
    with np.errstate(divide="ignore"):  # log 0, where all are -inf
        return np.log1p(others + n_more)


def _with_axis(grad: Array, axis: Axis, keepdims: bool) -> Array:
    """The gradient with the reduced axes back, at length 1, so that it broadcasts to the input."""
    return grad if keepdims or axis is None else np.expand_dims(grad, axis)
