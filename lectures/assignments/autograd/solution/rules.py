"""Backward rules on arrays. Exercise 1.4.

Each rule gets the gradient of the output and what it needs of the inputs, and returns the gradient of each input. In
the library a rule is inside its op: see `minigrad/ops/arithmetic.py`, `linear.py` and `shape.py`.
"""

from __future__ import annotations

import numpy as np


def mul_rule(grad: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of a and b for out = a · b, element by element. All shapes are equal."""
    return grad * b, grad * a


def linear_rule(grad: np.ndarray, x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of x, weight and bias for out = x · weightᵀ + bias.

    Shapes: grad (..., O), x (..., I), weight (O, I) → (..., I), (O, I), (O,). There may be any number of leading axes.
    """
    grad_x = grad @ weight  # (..., I)
    rows = grad.reshape(-1, grad.shape[-1])  # (N, O): every row uses the same weight and bias
    grad_weight = rows.T @ x.reshape(-1, x.shape[-1])  # (O, I)
    grad_bias = rows.sum(axis=0)  # (O,)
    return grad_x, grad_weight, grad_bias


def getitem_rule(grad: np.ndarray, shape: tuple[int, ...], rows: np.ndarray) -> np.ndarray:
    """The gradient of x for out = x[rows]: the rows that are named, some of them perhaps more than once.

    Shapes: x has the shape `shape`, (N, D); rows (M,) integers; grad (M, D) → (N, D).
    """
    grad_x = np.zeros(shape)
    np.add.at(grad_x, rows, grad)
    return grad_x
