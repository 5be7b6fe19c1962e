"""The specification of layer normalisation and RMS normalisation.

Sources: Ba, Kiros and Hinton 2016, "Layer Normalization"; Zhang and Sennrich 2019, "Root Mean
Square Layer Normalization".
"""

import numpy as np

from minigrad.array_type import Array


def layernorm_forward(x: Array, weight: Array, bias: Array, eps: float) -> tuple[Array, Array, Array]:
    """Normalise each row to mean 0 and variance 1, then apply a learnt scale and shift."""
    # In float64: in float32 the square of 1e20 is infinite, and the mean of equal numbers is rounded, so that they
    # would not become 0 when it is subtracted.
    mean = x.mean(axis=-1, keepdims=True, dtype=np.float64)  # (..., 1)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)  # (..., 1)
    rstd = 1 / np.sqrt(variance + eps)  # (..., 1); eps: a row of equal numbers has the variance 0
    out = ((x - mean) * rstd).astype(x.dtype) * weight + bias  # (..., D)
    return out, mean.astype(x.dtype), rstd.astype(x.dtype)


def layernorm_backward(grad: Array, x: Array, weight: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    """With n = (x - mean) rstd the normalised row, and dn = dout weight:

    dx = rstd (dn - mean(dn) - n mean(dn n)), because both the mean and rstd depend on x.
    """
    normalised = (x - mean) * rstd  # (..., D)
    grad_n = grad * weight  # (..., D)
    # Shifting or stretching the row does not change the output, so dx has no part along the ones, and none along n.
    grad_x = rstd * (
        grad_n - grad_n.mean(axis=-1, keepdims=True) - normalised * (grad_n * normalised).mean(axis=-1, keepdims=True)
    )
    # All rows share weight and bias, so their gradients are sums over all rows.
    rows = tuple(range(grad.ndim - 1))
    return grad_x, (grad * normalised).sum(axis=rows), grad.sum(axis=rows)  # (..., D), (D,), (D,)


def rmsnorm_forward(x: Array, weight: Array, eps: float) -> tuple[Array, Array]:
    """Divide each row by its root mean square, then scale it: there is no mean and no bias."""
    exact = x.astype(np.float64)  # for its squares, as above
    rstd = 1 / np.sqrt((exact * exact).mean(axis=-1, keepdims=True) + eps)  # (..., 1)
    return (x * rstd).astype(x.dtype) * weight, rstd.astype(x.dtype)  # (..., D), (..., 1)


def rmsnorm_backward(grad: Array, x: Array, weight: Array, rstd: Array) -> tuple[Array, Array]:
    """With n = x rstd and dn = dout weight: dx = rstd (dn - n mean(dn n))."""
    normalised = x * rstd  # (..., D)
    grad_n = grad * weight  # (..., D)
    # Stretching the row does not change the output, but shifting it does: only the part along n is subtracted.
    grad_x = rstd * (grad_n - normalised * (grad_n * normalised).mean(axis=-1, keepdims=True))
    return grad_x, (grad * normalised).sum(axis=tuple(range(grad.ndim - 1)))  # (..., D), (D,)
