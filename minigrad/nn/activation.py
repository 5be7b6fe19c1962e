"""Activation functions as modules, for `Sequential`. The mathematics is in `minigrad/ops/activation.py`."""

from minigrad import ops
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class ReLU(Module):
    """max(x, 0)."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.relu(x)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.tanh(x)


class GELU(Module):
    """x · Φ(x), BERT's activation."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.gelu(x)


class GELUTanh(Module):
    """GELU through tanh, GPT-2's activation."""

    def forward(self, x: Tensor) -> Tensor:
        return ops.gelu_tanh(x)
