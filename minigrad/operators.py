"""Python's operators on tensors: `a + b` is `ops.add(a, b)`, `x.sum()` is `ops.sum(x)`.

`bind` assigns them from outside, so that `tensor.py` runs without ops, and assigns the ops themselves, so that a step
into `a * b` in a debugger lands on the first line of `mul`. Editors and type checkers do not run `bind`; the same list
under `TYPE_CHECKING` in `tensor.py` is for them, and a test compares the two.
"""

# mypy: disable-error-code="method-assign, assignment"

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.conversion import as_array
from minigrad.device import beside, check_one_device
from minigrad.tensor import Tensor, TensorLike


def radd(self: Tensor, other: TensorLike) -> Tensor:
    """other + self, if `other` is not a tensor."""
    return ops.add(other, self)


def rsub(self: Tensor, other: TensorLike) -> Tensor:
    """other - self, if `other` is not a tensor."""
    return ops.sub(other, self)


def rmul(self: Tensor, other: TensorLike) -> Tensor:
    """other * self, if `other` is not a tensor."""
    return ops.mul(other, self)


def rtruediv(self: Tensor, other: TensorLike) -> Tensor:
    """other / self, if `other` is not a tensor."""
    return ops.div(other, self)


def rmatmul(self: Tensor, other: TensorLike) -> Tensor:
    """other @ self, if `other` is not a tensor."""
    return ops.matmul(other, self)


def equal(a: Tensor, b: object) -> Tensor:
    """a == b."""
    return _compared(np.equal, a, b)


def not_equal(a: Tensor, b: object) -> Tensor:
    """a != b."""
    return _compared(np.not_equal, a, b)


def less(a: Tensor, b: object) -> Tensor:
    """a < b."""
    return _compared(np.less, a, b)


def less_equal(a: Tensor, b: object) -> Tensor:
    """a <= b."""
    return _compared(np.less_equal, a, b)


def greater(a: Tensor, b: object) -> Tensor:
    """a > b."""
    return _compared(np.greater, a, b)


def greater_equal(a: Tensor, b: object) -> Tensor:
    """a >= b."""
    return _compared(np.greater_equal, a, b)


def _compared(function: Callable[..., Any], a: Tensor, b: Any) -> Tensor:
    """Booleans, elementwise and with broadcasting; no gradient flows through them.

    Returns NotImplemented if b is neither a tensor nor numbers. Python then evaluates == to False, and < raises
    TypeError.
    """
    if isinstance(b, Tensor):
        b = b.data
        check_one_device(a.data, b)
    elif isinstance(b, list | tuple) or (hasattr(b, "dtype") and not isinstance(b, np.generic)):
        b = beside(as_array(b), a.data)
    elif not isinstance(b, int | float | np.generic):
        return NotImplemented
    return Tensor(function(a.data, b))


def contains(x: Tensor, value: object) -> bool:
    """`value in x`: whether any element of `x == value` is True, as in NumPy."""
    found = equal(x, value)
    return found is not NotImplemented and bool(found.data.any())


def rows(x: Tensor) -> Iterator[Tensor]:
    """`for row in x`: x[0], x[1], …, each recorded on the tape."""
    return map(x.__getitem__, range(len(x)))


def bind() -> None:
    """Give `Tensor` its operators and methods. Called once, by `import minigrad`."""
    Tensor.__add__, Tensor.__radd__ = ops.add, radd
    Tensor.__sub__, Tensor.__rsub__ = ops.sub, rsub
    Tensor.__mul__, Tensor.__rmul__ = ops.mul, rmul
    Tensor.__truediv__, Tensor.__rtruediv__ = ops.div, rtruediv
    Tensor.__matmul__, Tensor.__rmatmul__ = ops.matmul, rmatmul
    Tensor.__pow__ = ops.power
    Tensor.__neg__ = ops.neg
    Tensor.__getitem__ = ops.getitem
    Tensor.__iter__ = rows
    Tensor.__contains__ = contains
    Tensor.__eq__, Tensor.__ne__ = equal, not_equal
    Tensor.__lt__, Tensor.__le__ = less, less_equal
    Tensor.__gt__, Tensor.__ge__ = greater, greater_equal
    Tensor.abs = ops.abs
    Tensor.exp = ops.exp
    Tensor.log = ops.log
    Tensor.sqrt = ops.sqrt
    Tensor.tanh = ops.tanh
    Tensor.relu = ops.relu
    Tensor.sigmoid = ops.sigmoid
    Tensor.sum = ops.sum
    Tensor.mean = ops.mean
    Tensor.max = ops.max
    Tensor.var = ops.var
    Tensor.reshape = ops.reshape
    Tensor.transpose = ops.transpose
    Tensor.swapaxes = ops.swapaxes
    Tensor.T = property(ops.transpose)
