"""Adam's step on arrays, in place.

Contract: data, grad, m and v of one shape and floating dtype; data, m and v are overwritten.
"""

from typing import NamedTuple

from minigrad.array_type import Array
from minigrad.kernels import wants_cuda, wants_reference


class AdamDials(NamedTuple):
    """What a step depends on besides the arrays.

    Attributes:
        lr: learning rate.
        beta1, beta2: how slowly m and v follow the gradient and its square.
        eps: added to √v̂.
        step: the number of this step, from 1.
        decay: what the parameter is multiplied by before the step: 1 - lr · weight_decay in AdamW, else 1.
    """

    lr: float
    beta1: float
    beta2: float
    eps: float
    step: int
    decay: float


def adam_step(data: Array, grad: Array, m: Array, v: Array, dials: AdamDials) -> None:
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← decay · θ - lr · m̂ / (√v̂ + ε)."""
    if wants_reference(data):
        from minigrad.kernels.adam import reference

        reference.adam_step(data, grad, m, v, dials)
    elif wants_cuda(data):
        from minigrad.kernels.adam import cuda

        cuda.adam_step(data, grad, m, v, dials)
    else:
        from minigrad.kernels.adam import cpu

        cpu.adam_step(data, grad, m, v, dials)
