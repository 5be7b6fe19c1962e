"""Dropout: set random values to zero in training."""

import numpy as np

from minigrad import checks, ops, random
from minigrad.nn.module import Module
from minigrad.tensor import Tensor


class Dropout(Module):
    """In training, set each value to zero with probability p and divide the others by 1 - p. Otherwise the identity.

    Raises:
        ValueError: if p is not in [0, 1). TypeError: if it is not a number, or generator is not a Generator.
    """

    def __init__(self, p: float, generator: np.random.Generator | None = None) -> None:
        self.p = checks.number("p", p, at_least=0, below=1)
        if generator is not None:
            random.chosen(generator)  # checks its type
        # None is kept: the library's Generator is looked up for each mask, as `manual_seed` replaces it.
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:
        # The op has scaled the values in training, so that evaluation needs no correction.
        return ops.dropout(x, self.p, random.chosen(self.generator)) if self.training else x
