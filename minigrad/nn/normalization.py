"""Layer normalisation and RMS normalisation over the last axis."""

from minigrad import checks, ops
from minigrad.nn import initial
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class LayerNorm(Module):
    """x (..., width) → the same shape: mean 0 and variance 1 along the last axis, scaled and shifted.

    Attributes:
        weight, bias: (width,), ones and zeros at the start.

    Raises:
        TypeError: if width is not an integer, or eps not a number.
        ValueError: if width is not at least 1, or eps is negative, NaN or infinite.
    """

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        width = checks.whole_number("width", width, at_least=1)
        self.eps = checks.number("eps", eps, at_least=0)
        self.weight = Parameter(initial.full((width,), 1))
        self.bias = Parameter(initial.full((width,), 0))

    def forward(self, x: Tensor) -> Tensor:
        return ops.layer_norm(x, self.weight, self.bias, self.eps)


class RMSNorm(Module):
    """x (..., width) → the same shape, divided by its root mean square along the last axis, scaled.

    Attributes:
        weight: (width,), ones at the start.

    Raises:
        TypeError, ValueError: as for LayerNorm.
    """

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        width = checks.whole_number("width", width, at_least=1)
        self.eps = checks.number("eps", eps, at_least=0)
        self.weight = Parameter(initial.full((width,), 1))

    def forward(self, x: Tensor) -> Tensor:
        return ops.rms_norm(x, self.weight, self.eps)
