"""Linear: y = x Wᵀ + b."""

import numpy as np

from minigrad import ops, random
from minigrad.nn import initial
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class Linear(Module):
    """x (..., in_features) → (..., out_features).

    Attributes:
        weight: (out_features, in_features).
        bias: (out_features,), or None.

    Both start uniform within ± 1 / sqrt(in_features), as in PyTorch.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, generator: np.random.Generator | None = None
    ) -> None:
        generator, bound = generator or random.generator(), in_features**-0.5
        self.weight = Parameter(initial.uniform((out_features, in_features), bound, generator))
        self.bias = Parameter(initial.uniform((out_features,), bound, generator)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return ops.linear(x, self.weight, self.bias)
