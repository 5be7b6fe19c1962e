"""The arrays that parameters start from, and a way to build a model without any.

A model that is about to be loaded from a file needs no initial weights, and one whose parameters are
only to be counted needs none at all:

    with nn.unallocated():
        gpt3 = GPT(GPTConfig(vocab_size=50257, n_positions=2048, d_model=12288, n_layers=96, n_heads=96))
    gpt3.num_parameters()  # 174,604,259,328 of them, and no memory for any
"""

import numpy as np

_allocates = True


class unallocated:
    """Inside `with unallocated():` parameters have their shape but no memory of their own.

    Each is a read-only view of a single zero. Give it an array (`parameter.data = array`) before it is trained.
    The choice is one for the whole process, all threads included.
    """

    def __enter__(self) -> "unallocated":
        global _allocates
        self.outside, _allocates = _allocates, False
        return self

    def __exit__(self, *exception: object) -> None:
        global _allocates
        _allocates = self.outside


def full(shape: tuple[int, ...], value: float) -> np.ndarray:
    """Float32 values that are all the same."""
    return np.full(shape, value, np.float32) if _allocates else _nothing(shape)


def normal(shape: tuple[int, ...], std: float, generator: np.random.Generator) -> np.ndarray:
    """Float32 values from the normal distribution around 0 with standard deviation `std`."""
    return std * generator.standard_normal(shape, dtype=np.float32) if _allocates else _nothing(shape)


def uniform(shape: tuple[int, ...], bound: float, generator: np.random.Generator) -> np.ndarray:
    """Float32 values from [-bound, bound)."""
    if not _allocates:
        return _nothing(shape)
    return (2 * bound * generator.random(shape, dtype=np.float32) - bound).astype(np.float32)


def _nothing(shape: tuple[int, ...]) -> np.ndarray:
    return np.broadcast_to(np.float32(0), shape)
