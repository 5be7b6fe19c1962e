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
        ValueError: if width is less than 1, or eps is negative, NaN or infinite.
    """

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        width = checks.whole_number("width", width, at_least=1)
        self.eps = checks.number("eps", eps, at_least=0)  # keeps a row of equal numbers from a division by zero
        # Scale 1 and shift 0: at the start the layer only normalises.
        self.weight = Parameter(initial.full((width,), 1))
        self.bias = Parameter(initial.full((width,), 0))

    def forward(self, x: Tensor) -> Tensor:
        return ops.layer_norm(x, self.weight, self.bias, self.eps)  # (..., width)


class RMSNorm(Module):
    """x (..., width) → the same shape, divided by its root mean square along the last axis, and scaled.

    It neither subtracts the mean nor adds a bias, which makes it cheaper than LayerNorm.

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
        return ops.rms_norm(x, self.weight, self.eps)  # (..., width)
