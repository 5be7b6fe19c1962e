"""The specification of layer normalisation and RMS normalisation.

Sources: Ba, Kiros and Hinton 2016, "Layer Normalization"; Zhang and Sennrich 2019, "Root Mean
Square Layer Normalization".
"""

import numpy as np

from minigrad.array_type import Array


def layernorm_forward(x: Array, weight: Array, bias: Array, eps: float) -> tuple[Array, Array, Array]:
    """Each row gets mean 0 and variance 1, then a scale and a shift that are learnt.

    The statistics are float64: in float32 a square of 1e20 is infinite, and a row of equal numbers is not 0 after its
    mean is taken off, since the mean has been rounded.
    """
    mean = x.mean(axis=-1, keepdims=True, dtype=np.float64)  # (..., 1)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)  # (..., 1)
    rstd = 1 / np.sqrt(variance + eps)
    out = ((x - mean) * rstd).astype(x.dtype) * weight + bias  # (..., D)
    return out, mean.astype(x.dtype), rstd.astype(x.dtype)


def layernorm_backward(grad: Array, x: Array, weight: Array, mean: Array, rstd: Array) -> tuple[Array, Array, Array]:
    """With n = (x - mean) rstd the normalised row, and dn = dout weight:

    dx = rstd (dn - mean(dn) - n mean(dn n)), because both the mean and rstd depend on x.
    """
    normalised = (x - mean) * rstd  # (..., D)
    grad_n = grad * weight  # (..., D)
    # A shift of the whole row changes nothing, nor does stretching it: both parts of the gradient are taken out.
    grad_x = rstd * (
        grad_n - grad_n.mean(axis=-1, keepdims=True) - normalised * (grad_n * normalised).mean(axis=-1, keepdims=True)
    )
    # weight and bias serve every row, so their gradients add up over all rows: (D,).
    rows = tuple(range(grad.ndim - 1))
    return grad_x, (grad * normalised).sum(axis=rows), grad.sum(axis=rows)


def rmsnorm_forward(x: Array, weight: Array, eps: float) -> tuple[Array, Array]:
    """Each row is divided by its root mean square, then scaled: no mean is taken off, no bias."""
    exact = x.astype(np.float64)
    rstd = 1 / np.sqrt((exact * exact).mean(axis=-1, keepdims=True) + eps)  # (..., 1)
    return (x * rstd).astype(x.dtype) * weight, rstd.astype(x.dtype)


def rmsnorm_backward(grad: Array, x: Array, weight: Array, rstd: Array) -> tuple[Array, Array]:
    """With n = x rstd and dn = dout weight: dx = rstd (dn - n mean(dn n))."""
    normalised = x * rstd
    grad_n = grad * weight
    grad_x = rstd * (grad_n - normalised * (grad_n * normalised).mean(axis=-1, keepdims=True))
    return grad_x, (grad * normalised).sum(axis=tuple(range(grad.ndim - 1)))
