"""Adam's step on arrays, in place.

Contract: data, grad, m and v of one shape and dtype, float32 or float64, with any strides; data, m and v are
overwritten.
"""

from typing import NamedTuple

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels import backend_for

_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


class AdamHyperparameters(NamedTuple):
    """The numbers of one step.

    Attributes:
        lr: learning rate.
        beta1, beta2: the decay rates of m and v, the running averages of the gradient and of its square.
        eps: added to √v̂.
        step: the number of this step, from 1.
        decay: the factor of the parameter before the step: 1 - lr · weight_decay in AdamW, else 1.
    """

    lr: float
    beta1: float
    beta2: float
    eps: float
    step: int
    decay: float


def adam_step(data: Array, grad: Array, m: Array, v: Array, hyperparameters: AdamHyperparameters) -> None:
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← decay · θ - lr · m̂ / (√v̂ + ε).

    Raises:
        ValueError: if grad, m or v has another shape than data.
        TypeError: if one has another dtype than data, or is a number; or if data is neither float32 nor float64.
    """
    # One expression, because this runs for every parameter at every step.
    if not (
        type(grad) is type(m) is type(v) is type(data)
        and grad.dtype is m.dtype is v.dtype is data.dtype
        and grad.shape == m.shape == v.shape == data.shape
    ):
        _check(data, grad, m, v)
    if data.dtype not in _DTYPES:
        raise TypeError(f"data must be float32 or float64, got {data.dtype}")
    backend = backend_for(__name__, data)
    backend.adam_step(data, grad, m, v, hyperparameters)


def _check(data: Array, grad: Array, m: Array, v: Array) -> None:
    """What differs, by name; arrays of different types, and equal dtypes that are two objects, are fine."""
    for name, array in (("data", data), ("grad", grad), ("m", m), ("v", v)):
        if isinstance(array, np.generic):
            raise TypeError(f"{name} must be an array, got {type(array).__name__}")
        if array.shape != data.shape:
            raise ValueError(f"{name} must have the shape of data, {data.shape}; got {array.shape}")
        if array.dtype != data.dtype:
            raise TypeError(f"{name} must have the dtype of data, {data.dtype}; got {array.dtype}")
