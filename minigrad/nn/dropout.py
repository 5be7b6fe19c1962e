"""Dropout: zero some values while training."""

import numpy as np

from minigrad import checks, ops, random
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class Dropout(Module):
    """While training, each value is zeroed with probability p and the rest divided by 1 - p; else nothing.

    Raises:
        ValueError: if p is not in [0, 1). TypeError: if it is not a number, or generator not a Generator.
    """

    def __init__(self, p: float, generator: np.random.Generator | None = None) -> None:
        self.p = checks.number("p", p, at_least=0, below=1)
        if generator is not None:
            random.chosen(generator)
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        return ops.dropout(x, self.p, random.chosen(self.generator)) if self.training else x
