"""The initial values of a layer that pretraining did not have."""

import numpy as np

from minigrad import nn, random
from minigrad.checks import whole_number
from minigrad.nn import initial


def new_head(d_model: int, n_labels: int, generator: np.random.Generator | None) -> nn.Linear:
    """A linear layer (..., D) → (..., n_labels): weights normal with standard deviation 0.02, biases zero.

    The weights are so small that the logits start near zero: every label is equally likely, and the first gradients
    change the pretrained layers little.

    Raises:
        ValueError: if d_model or n_labels is less than 1.
        TypeError: if one of them is not an integer.
    """
    d_model, n_labels = whole_number("d_model", d_model, at_least=1), whole_number("n_labels", n_labels, at_least=1)
    generator = random.chosen(generator)
    head = nn.Linear(d_model, n_labels)
    # The gradient that reaches the layers below is the logits' gradient times these weights. Zeros would let none
    # through in the first step; large ones would let the random layer change the pretrained ones.
    head.weight.data = initial.normal((n_labels, d_model), 0.02, generator)
    head.bias = nn.Parameter(initial.full((n_labels,), 0))
    return head
