"""What an op makes of its operands before it computes; the rules are those of `minigrad/conversion.py`."""

import numpy as np

from minigrad.tensor import Tensor, TensorLike, as_tensor


def as_floats(value: TensorLike) -> Tensor:
    """`value` as a tensor of floats, for ops whose results are fractions: integers and booleans become float64."""
    x = as_tensor(value)
    return x if x.data.dtype.kind == "f" else Tensor(x.data.astype(np.float64))
