"""Reductions over axes, and softmax: each beside its derivative.

`axis` is one axis, several, or None for all; `keepdims` keeps them with length 1, as in NumPy.
"""

import numpy as np

from minigrad.tensor import Array, Axis, Tensor, TensorLike, as_tensor, record


def sum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis`."""
    x = as_tensor(x)
    shape = x.shape

    def sum_backward(grad: Array) -> Array:
        return np.broadcast_to(_with_axis(grad, axis, keepdims), shape)

    return record(x.data.sum(axis=axis, keepdims=keepdims), (x,), sum_backward)


def mean(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis`."""
    x = as_tensor(x)
    shape = x.shape
    out = x.data.mean(axis=axis, keepdims=keepdims)
    count = x.size / (out.size or 1)

    def mean_backward(grad: Array) -> Array:
        return np.broadcast_to(_with_axis(grad / count, axis, keepdims), shape)

    return record(out.astype(x.dtype, copy=False), (x,), mean_backward)


def var(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance over `axis`, divided by n (not n - 1), as layer normalisation uses it."""
    x = as_tensor(x)
    centred = x.data - x.data.mean(axis=axis, keepdims=True)
    out = (centred * centred).mean(axis=axis, keepdims=keepdims)
    count = x.size / (out.size or 1)

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
    """log Σ e^x over `axis`, without overflow."""
    x = as_tensor(x)
    highest = x.data.max(axis=axis, keepdims=True)
    exps = np.exp(x.data - highest)
    total = exps.sum(axis=axis, keepdims=True)
    out = np.log(total) + highest

    def logsumexp_backward(grad: Array) -> Array:
        return _with_axis(grad, axis, keepdims) * (exps / total)

    return record(out if keepdims else out.squeeze(axis), (x,), logsumexp_backward)


def softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """e^x / Σ e^x over `axis`: positive numbers that sum to one."""
    x = as_tensor(x)
    exps = np.exp(x.data - x.data.max(axis=axis, keepdims=True))
    out = exps / exps.sum(axis=axis, keepdims=True)

    def softmax_backward(grad: Array) -> Array:
        return out * (grad - (grad * out).sum(axis=axis, keepdims=True))

    return record(out, (x,), softmax_backward, reads_output=True)


def log_softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """log(softmax(x)) over `axis`, without underflow."""
    x = as_tensor(x)
    shifted = x.data - x.data.max(axis=axis, keepdims=True)
    out = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))

    def log_softmax_backward(grad: Array) -> Array:
        return grad - np.exp(out) * grad.sum(axis=axis, keepdims=True)

    return record(out, (x,), log_softmax_backward, reads_output=True)


def _with_axis(grad: Array, axis: Axis, keepdims: bool) -> Array:
    """The gradient with the reduced axes back, at length 1, so that it broadcasts to the input."""
    return grad if keepdims or axis is None else np.expand_dims(grad, axis)
