"""Embedding: a vector for each token."""

import numpy as np

from minigrad import ops, random
from minigrad.nn import initial
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class Embedding(Module):
    """ids (...) integers in [0, num_embeddings) → (..., embedding_dim).

    Attributes:
        weight: (num_embeddings, embedding_dim), standard normal at the start, as in PyTorch.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, generator: np.random.Generator | None = None) -> None:
        generator = generator or random.generator()
        self.weight = Parameter(initial.normal((num_embeddings, embedding_dim), 1.0, generator))

    def forward(self, ids: np.ndarray) -> Tensor:
        return ops.embedding(ids, self.weight)
