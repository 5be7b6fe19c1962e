"""Python's operators on tensors: `a + b` is `ops.add(a, b)`, `x.sum()` is `ops.sum(x)`.

They are bound here, from outside, so that `tensor.py` knows nothing of ops; and bound directly, so
that a step into `a * b` in a debugger lands on the first line of `mul`.
"""

# mypy: disable-error-code="method-assign, assignment"

from minigrad import ops
from minigrad.tensor import Tensor, TensorLike


def _radd(self: Tensor, other: TensorLike) -> Tensor:
    return ops.add(other, self)


def _rsub(self: Tensor, other: TensorLike) -> Tensor:
    return ops.sub(other, self)


def _rmul(self: Tensor, other: TensorLike) -> Tensor:
    return ops.mul(other, self)


def _rtruediv(self: Tensor, other: TensorLike) -> Tensor:
    return ops.div(other, self)


def _rmatmul(self: Tensor, other: TensorLike) -> Tensor:
    return ops.matmul(other, self)


def bind() -> None:
    """Give `Tensor` its operators and methods. Called once, by `import minigrad`."""
    Tensor.__add__, Tensor.__radd__ = ops.add, _radd
    Tensor.__sub__, Tensor.__rsub__ = ops.sub, _rsub
    Tensor.__mul__, Tensor.__rmul__ = ops.mul, _rmul
    Tensor.__truediv__, Tensor.__rtruediv__ = ops.div, _rtruediv
    Tensor.__matmul__, Tensor.__rmatmul__ = ops.matmul, _rmatmul
    Tensor.__pow__ = ops.power
    Tensor.__neg__ = ops.neg
    Tensor.__getitem__ = ops.getitem
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
