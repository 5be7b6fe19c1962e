"""Embedding: a vector for each token."""

import numpy as np

from minigrad import checks, ops, random
from minigrad.nn import initial
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor


class Embedding(Module):
    """ids (...) integers in [0, num_embeddings) → (..., embedding_dim).

    Attributes:
        weight: (num_embeddings, embedding_dim), standard normal at the start, as in PyTorch.

    Raises:
        TypeError: if a size is not an integer, or generator is not a Generator. ValueError: if a size is less than 1.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, generator: np.random.Generator | None = None) -> None:
        num_embeddings = checks.whole_number("num_embeddings", num_embeddings, at_least=1)
        embedding_dim = checks.whole_number("embedding_dim", embedding_dim, at_least=1)
        shape = num_embeddings, embedding_dim  # (V, D)
        self.weight = Parameter(initial.normal(shape, 1.0, random.chosen(generator)))

    def forward(self, ids: np.ndarray) -> Tensor:
        # The same as a one-hot (..., V) times the table (V, D), but it reads only the rows that are needed.
        return ops.embedding(ids, self.weight)  # (..., D)
