"""The logistic function of an array in NumPy, for ops and for reference kernels."""

import numpy as np

from minigrad.array_type import Array


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), exact to the last bits for every x.

    For 1 - sigmoid(x) use sigmoid(-x), because the difference cancels if x is large.
    """
    # For a negative x the fraction is expanded by e^x, to e^x / (1 + e^x): e^-|x| ≤ 1 never overflows. The equal
    # (1 + tanh(x / 2)) / 2 would cancel to 0 below x = -17 in float32.
    power = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, power) / (1 + power)
