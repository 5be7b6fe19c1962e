"""Layer normalisation on a CPU: each row is processed while it is in the cache, without temporary arrays.

`fastmath` may reorder sums (`reassoc`), so that they use vector instructions, and may join a product and a sum into one
instruction (`contract`). NaN and infinity keep their meaning.

The sums are in the dtype of x. Two kinds of rows are computed again in float64: those whose squares overflow or vanish
in float32, and those whose mean is so large, compared with their spread, that its rounding would show.
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled
from minigrad.kernels.jit import njit


def layernorm_forward(x: Array, weight: Array, bias: Array, eps: float) -> tuple[Array, Array, Array]:
    """(x - mean) · rstd · weight + bias → the output, mean, rstd."""
    rows = _rows(x)
    out, mean, rstd = np.empty_like(rows), np.empty(len(rows), x.dtype), np.empty(len(rows), x.dtype)
    arguments = rows, weight, bias, x.dtype.type(eps), out, mean, rstd
    _layernorm_forward(*arguments)
    if _n_unfit(mean, rstd):
        _again_in_float64(*arguments)
    statistics = (*x.shape[:-1], 1)
    return out.reshape(x.shape), mean.reshape(statistics), rstd.reshape(statistics)


def layernorm_backward(grad: Array, x: Array, weight: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    """The gradients of x, weight and bias."""
    rows = _rows(x)
    grad_x, grad_weight, grad_bias = np.empty_like(rows), np.zeros_like(weight), np.zeros_like(weight)
    _layernorm_backward(_rows(grad), rows, weight, mean.reshape(-1), rstd.reshape(-1), grad_x, grad_weight, grad_bias)
    return grad_x.reshape(x.shape), grad_weight, grad_bias


def rmsnorm_forward(x: Array, weight: Array, eps: float) -> tuple[Array, Array]:
    """x · rstd · weight → the output, rstd."""
    rows = _rows(x)
    out, rstd = np.empty_like(rows), np.empty(len(rows), x.dtype)
    _rmsnorm_forward(rows, weight, x.dtype.type(eps), out, rstd)
    if _n_unfit(rstd[:0], rstd):
        _again_in_float64(rows, weight, weight[:0], x.dtype.type(eps), out, rstd[:0], rstd)
    return out.reshape(x.shape), rstd.reshape(*x.shape[:-1], 1)


def rmsnorm_backward(grad: Array, x: Array, weight: Array, rstd: Array) -> tuple[Array, Array]:
    """The gradients of x and weight."""
    rows = _rows(x)
    grad_x, grad_weight = np.empty_like(rows), np.zeros_like(weight)
    _rmsnorm_backward(_rows(grad), rows, weight, rstd.reshape(-1), grad_x, grad_weight)
    return grad_x.reshape(x.shape), grad_weight


def _rows(x: Array) -> Array:
    return np.ascontiguousarray(x).reshape(-1, x.shape[-1])


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _layernorm_forward(x, weight, bias, eps, out, mean, rstd):  # type: ignore[no-untyped-def]
    n_rows, width = x.shape
    one, count = x.dtype.type(1), x.dtype.type(width)
    for i in range(n_rows):
        row, target = x[i], out[i]
        total = x.dtype.type(0)
        for j in range(width):
            total += row[j]
        m = total / count
        squares = x.dtype.type(0)
        for j in range(width):
            squares += (row[j] - m) * (row[j] - m)
        r = one / np.sqrt(squares / count + eps)
        for j in range(width):
            target[j] = (row[j] - m) * r * weight[j] + bias[j]
        mean[i], rstd[i] = m, r


@compiled(nogil=True, error_model="numpy")
def _again_in_float64(x, weight, bias, eps, out, mean, rstd):  # type: ignore[no-untyped-def]
    """The rows that do not fit. RMS normalisation has no mean and no bias: it passes empty arrays."""
    width, has_mean = x.shape[1], mean.size > 0
    for i in range(len(x)):
        if _fits(mean[i] if has_mean else x.dtype.type(0), rstd[i]):
            continue
        row, target = x[i], out[i]
        m, squares = 0.0, 0.0
        if has_mean:
            for j in range(width):
                m += np.float64(row[j])
            m /= width
            mean[i] = m
        for j in range(width):
            squares += (row[j] - m) ** 2
        r = 1 / np.sqrt(squares / width + np.float64(eps))
        for j in range(width):
            normalised = x.dtype.type((row[j] - m) * r)
            target[j] = normalised * weight[j] + bias[j] if has_mean else normalised * weight[j]
        rstd[i] = r


@compiled(nogil=True, error_model="numpy")
def _n_unfit(mean, rstd):  # type: ignore[no-untyped-def]
    n, has_mean = 0, mean.size > 0
    for i in range(rstd.size):
        n += not _fits(mean[i] if has_mean else rstd.dtype.type(0), rstd[i])
    return n


@njit(error_model="numpy")
def _fits(mean, rstd):  # type: ignore[no-untyped-def]
    """Whether 1 / rstd² has all its digits in float32, and rounding the mean costs the output less than 1e-6.

    NaN does not fit.
    """
    return 1e-18 < rstd < 1e15 and abs(mean) * rstd < 8


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _layernorm_backward(grad, x, weight, mean, rstd, grad_x, grad_weight, grad_bias):  # type: ignore[no-untyped-def]
    n_rows, width = x.shape
    count = x.dtype.type(width)
    for i in range(n_rows):
        g, row, target, m, r = grad[i], x[i], grad_x[i], mean[i], rstd[i]
        total, inner = x.dtype.type(0), x.dtype.type(0)
        for j in range(width):
            normalised, grad_n = (row[j] - m) * r, g[j] * weight[j]
            total += grad_n
            inner += grad_n * normalised
        total, inner = total / count, inner / count
        for j in range(width):
            normalised = (row[j] - m) * r
            target[j] = r * (g[j] * weight[j] - total - normalised * inner)
            grad_weight[j] += g[j] * normalised
            grad_bias[j] += g[j]


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _rmsnorm_forward(x, weight, eps, out, rstd):  # type: ignore[no-untyped-def]
    n_rows, width = x.shape
    one, count = x.dtype.type(1), x.dtype.type(width)
    for i in range(n_rows):
        row, target = x[i], out[i]
        squares = x.dtype.type(0)
        for j in range(width):
            squares += row[j] * row[j]
        r = one / np.sqrt(squares / count + eps)
        for j in range(width):
            target[j] = row[j] * r * weight[j]
        rstd[i] = r


@compiled(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _rmsnorm_backward(grad, x, weight, rstd, grad_x, grad_weight):  # type: ignore[no-untyped-def]
    n_rows, width = x.shape
    count = x.dtype.type(width)
    for i in range(n_rows):
        g, row, target, r = grad[i], x[i], grad_x[i], rstd[i]
        inner = x.dtype.type(0)
        for j in range(width):
            inner += g[j] * weight[j] * row[j] * r
        inner = inner / count
        for j in range(width):
            normalised = row[j] * r
            target[j] = r * (g[j] * weight[j] - normalised * inner)
            grad_weight[j] += g[j] * normalised
