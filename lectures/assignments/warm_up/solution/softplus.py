"""Softplus, a smooth version of relu: softplus(x) = log(1 + exp(x)). Exercise 0.1."""

from __future__ import annotations

import numpy as np

from minigrad.tensor import Array, Tensor, TensorLike, as_tensor, record


def softplus(x: TensorLike) -> Tensor:
    """log(1 + exp(x)), element by element.

    Args:
        x: floats of any shape, of any size: x = 1,000 gives 1,000, not infinity.
    """
    x = as_tensor(x)
    x_data = x.data

    def softplus_backward(grad: Array) -> tuple[Array]:
        # d/dx log(1 + exp(x)) = 1 / (1 + exp(-x)). The exponent is never positive, so that nothing overflows.
        small = np.exp(-np.abs(x_data))
        return (grad * np.where(x_data >= 0, 1, small) / (1 + small),)

    # log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))
    out = np.maximum(x_data, 0) + np.log1p(np.exp(-np.abs(x_data)))
    return record(out, (x,), softplus_backward)
