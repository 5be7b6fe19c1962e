"""Linear: y = x Wᵀ + b."""

import numpy as np

from minigrad import checks, ops, random
from minigrad.nn import initial
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class Linear(Module):
    """x (..., in_features) → (..., out_features).

    Attributes:
        weight: (out_features, in_features).
        bias: (out_features,), or None.

    Both start uniform within ± 1 / sqrt(in_features), as in PyTorch.

    Raises:
        TypeError: if a size is not an integer, bias is not a boolean, or generator is not a Generator.
        ValueError: if a size is less than 1.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, generator: np.random.Generator | None = None
    ) -> None:
        in_features = checks.whole_number("in_features", in_features, at_least=1)
        out_features = checks.whole_number("out_features", out_features, at_least=1)
        bias = checks.boolean("bias", bias)
        # An output is a sum of in_features terms, so its variance grows with in_features unless the weights shrink with
        # the square root.
        generator, bound = random.chosen(generator), in_features**-0.5
        self.weight = Parameter(initial.uniform((out_features, in_features), bound, generator))  # (out, in)
        self.bias = Parameter(initial.uniform((out_features,), bound, generator)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return ops.linear(x, self.weight, self.bias)  # (..., in) → (..., out)
