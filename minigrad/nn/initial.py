"""Initial values of parameters, and a way to build a model without any.

A model that will be loaded from a file needs no initial values, and one whose parameters are only counted needs no
memory for them:

    with nn.unallocated():
        gpt3 = GPT(GPTConfig(vocab_size=50257, n_positions=2048, d_model=12288, n_layers=96, n_heads=96))
    gpt3.num_parameters()  # 174,604,259,328, without memory for any
"""

import numpy as np

from minigrad import switches


class unallocated:
    """Inside `with unallocated():`, new parameters have a shape but no memory of their own.

    Each is a read-only view of a single zero. Assign an array (`parameter.data = array`) before training it.
    The switch holds for the whole process, all threads included.
    """

    def __enter__(self) -> "unallocated":
        self.outside, switches.initial_values = switches.initial_values, False
        return self

    def __exit__(self, *exception: object) -> None:
        switches.initial_values = self.outside


def full(shape: tuple[int, ...], value: float) -> np.ndarray:
    """Float32 values, all equal to `value`."""
    return np.full(shape, value, np.float32) if switches.initial_values else _no_memory(shape)


def normal(shape: tuple[int, ...], std: float, generator: np.random.Generator) -> np.ndarray:
    """Float32 values from the normal distribution with mean 0 and standard deviation `std`."""
    if not switches.initial_values:
        return _no_memory(shape)
    return std * generator.standard_normal(shape, dtype=np.float32)


def uniform(shape: tuple[int, ...], bound: float, generator: np.random.Generator) -> np.ndarray:
    """Float32 values from the uniform distribution on [-bound, bound)."""
    if not switches.initial_values:
        return _no_memory(shape)
    # random() is uniform on [0, 1): stretch it to the width 2 · bound, then centre it.
    return (2 * bound * generator.random(shape, dtype=np.float32) - bound).astype(np.float32)


def _no_memory(shape: tuple[int, ...]) -> np.ndarray:
    return np.broadcast_to(np.float32(0), shape)  # strides of 0: every index reads the same number
