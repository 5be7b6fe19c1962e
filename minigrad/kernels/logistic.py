"""The logistic function of an array in NumPy, for ops and for reference kernels."""

import numpy as np

from minigrad.array_type import Array


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), right to the last bits for every x.

    e^-|x| is never above 1, so it cannot overflow. For a negative x the fraction is multiplied by e^x, above and
    below: (1 + tanh(x / 2)) / 2, which is the same, would cancel to 0 from x = -17 on in float32.

    1 - sigmoid(x), which would cancel for a large x, is sigmoid(-x).
    """
    power = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, power) / (1 + power)
