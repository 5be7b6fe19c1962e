"""Layer normalisation in Numba: loops that are compiled. Exercise 3.4.

The library's version, `minigrad/kernels/layernorm/cpu.py`, is longer: it lets the compiler use vector instructions, and
computes rows with extreme numbers a second time.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit
def forward(x, weight, bias, eps):  # type: ignore[no-untyped-def]
    """Normalise each row to mean 0 and variance 1, then scale and shift it.

    x (N, D) float32, weight (D,), bias (D,) → out (N, D) float32, mean (N,), rstd (N,), both float64

    mean is that of the row, the variance is the mean of (x - mean)², and rstd = 1 / √(variance + eps). The sums are in
    float64, so that a row with the mean 10,000 is right too.
    """
    n_rows, width = x.shape
    out = np.empty_like(x)
    mean, rstd = np.empty(n_rows), np.empty(n_rows)
    for row in range(n_rows):
        total = 0.0
        for i in range(width):
            total += x[row, i]
        mean[row] = total / width
        squares = 0.0
        for i in range(width):
            squares += (x[row, i] - mean[row]) ** 2
        rstd[row] = 1 / np.sqrt(squares / width + eps)
        for i in range(width):
            out[row, i] = (x[row, i] - mean[row]) * rstd[row] * weight[i] + bias[i]
    return out, mean, rstd


@njit
def backward(grad, x, weight, mean, rstd):  # type: ignore[no-untyped-def]
    """The gradient of x: grad (N, D), x (N, D), weight (D,), mean (N,), rstd (N,) → (N, D) float32.

    With n = (x - mean) rstd and dn = grad · weight: dx = rstd (dn - mean(dn) - n mean(dn n)).
    """
    n_rows, width = x.shape
    grad_x = np.empty_like(x)
    for row in range(n_rows):
        mean_dn, mean_dn_n = 0.0, 0.0
        for i in range(width):
            dn = grad[row, i] * weight[i]
            mean_dn += dn / width
            mean_dn_n += dn * (x[row, i] - mean[row]) * rstd[row] / width
        for i in range(width):
            normalised = (x[row, i] - mean[row]) * rstd[row]
            grad_x[row, i] = rstd[row] * (grad[row, i] * weight[i] - mean_dn - normalised * mean_dn_n)
    return grad_x


@njit(parallel=True)
def parameter_gradients(grad, x, mean, rstd):  # type: ignore[no-untyped-def]
    """The gradients of weight and bias, sums over all rows: (N, D), (N, D), (N,), (N,) → (D,), (D,) float64.

    The iterations of a `prange` run on several threads at once. The result must not depend on how many there are.
    """
    n_rows, width = x.shape
    grad_weight, grad_bias = np.zeros(width), np.zeros(width)
    for i in prange(width):
        for row in range(n_rows):
            grad_weight[i] += grad[row, i] * (x[row, i] - mean[row]) * rstd[row]
            grad_bias[i] += grad[row, i]
    return grad_weight, grad_bias
