"""Conversion of operands to the dtype in which an op computes, by the rules of `minigrad/conversion.py`."""

import numpy as np

from minigrad.conversion import OF_KERNELS, for_kernel
from minigrad.tensor import Tensor, TensorLike


def as_floats(value: TensorLike) -> Tensor:
    """`value` as a tensor of floats, for ops that return fractions: integers and booleans become float64."""
    x = value if isinstance(value, Tensor) else Tensor(value)
    return x if x._data.dtype.kind == "f" else Tensor(x._data.astype(np.float64))


def as_floats_for_kernel(op: str, value: TensorLike) -> Tensor:
    """`value` as a tensor of float32 or float64, for an op of one operand, x, that runs a kernel.

    Raises:
        TypeError: if it is float16.
    """
    x = value if isinstance(value, Tensor) else Tensor(value)
    if x._data.dtype in OF_KERNELS:
        return x
    x = as_floats(x)
    for_kernel(op, ("x",), x.data)
    return x
