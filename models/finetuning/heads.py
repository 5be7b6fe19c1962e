"""How a layer that pretraining did not have starts."""

import numpy as np

from minigrad import nn, random
from minigrad.nn import initial


def new_head(d_model: int, n_outputs: int, generator: np.random.Generator | None) -> nn.Linear:
    """A linear layer (..., D) → (..., n_outputs): weights normal with standard deviation 0.02, biases zero.

    So small a layer says nothing at first: each label is as likely as the others, and the first steps
    do not shake what pretraining has learnt.
    """
    generator = generator or random.generator()
    head = nn.Linear(d_model, n_outputs)
    head.weight.data = initial.normal((n_outputs, d_model), 0.02, generator)
    head.bias = nn.Parameter(initial.full((n_outputs,), 0))
    return head
