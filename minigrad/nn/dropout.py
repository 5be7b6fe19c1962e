"""Dropout: zero some values while training."""

import numpy as np

from minigrad import ops, random
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class Dropout(Module):
    """While training, each value is zeroed with probability p and the rest divided by 1 - p; else nothing.

    Raises:
        ValueError: if p is not in [0, 1).
    """

    def __init__(self, p: float, generator: np.random.Generator | None = None) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"p must lie in [0, 1), got {p}")
        self.p, self.generator = p, generator

    def forward(self, x: Tensor) -> Tensor:
        return ops.dropout(x, self.p, self.generator or random.generator()) if self.training else x
