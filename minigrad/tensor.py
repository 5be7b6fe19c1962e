"""Tensor: an array that remembers how it was computed, and `backward`, which computes gradients from that record.

An op (see `minigrad/ops`) computes its output array, defines its backward rule, and passes both to `record`. If an
input requires a gradient, `record` attaches a `Node` to the output: the rule, and the nodes of the inputs. The nodes
are the tape (`minigrad/tape.py`). `Tensor.backward` sorts them so that a value comes after everything computed from
it, calls each rule once, and adds up the gradients that the rules return (`minigrad/gradients.py`).

Two decisions keep memory use constant over training. A rule captures the arrays that it reads but never its own output
tensor, so the graph has no reference cycle and is freed as soon as nobody holds it. And a node holds the nodes of its
inputs, not the tensors: an array that no rule reads is freed at once.

Source: Baydin et al. 2018, "Automatic Differentiation in Machine Learning: a Survey", section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import anomaly, switches
from minigrad.array_type import Array
from minigrad.conversion import array_like, as_array, number_like
from minigrad.device import beside, check_one_device, device_of, to_device
from minigrad.errors import InPlaceError
from minigrad.gradients import Gradients, first_gradient
from minigrad.switches import grad_mode
from minigrad.tape import LastWrite, Node, Rule, checked_order, clock

if TYPE_CHECKING:
    from minigrad import operators, ops


class Tensor:
    """An array that remembers how it was computed.

    Args:
        data: an array (shared, not copied), or numbers and nested lists of numbers. Python floats
            become float32; arrays keep their dtype (see `minigrad/conversion.py`).
        requires_grad: whether `backward` should leave a gradient here. Floating dtypes only.

    Attributes:
        data: the raw array. Assigning to it, `t.data = a` or `t.data -= a`, counts as an in-place
            write. Writing into it, `t.data[0] = a`, is noticed in anomaly mode only; write
            `t[0] = a` instead.
        grad: None, or the accumulated gradient: a raw array with the shape and dtype of `data`.
        requires_grad: True for leaves that collect a gradient and for everything computed from them. It can be set
            on leaves only.

    Raises:
        TypeError: if data is not numeric, requires_grad is not a boolean, or it is asked of integers.
    """

    __slots__ = ("__weakref__", "_data", "_last_write", "_node", "_requires_grad", "grad")

    # Makes NumPy leave `array * tensor` to Tensor.__rmul__. Otherwise it would loop over the elements.
    __array_ufunc__ = None

    def __init__(self, data: Array, requires_grad: bool = False) -> None:
        if isinstance(data, Tensor):
            raise TypeError("data is already a Tensor; use .detach() for one without a graph")
        self._data = as_array(data)
        self.grad: Array | None = None
        self._node: Node | None = None
        self._last_write = LastWrite()
        if requires_grad is False:
            self._requires_grad = False
        else:
            self.requires_grad = requires_grad

    @property
    def requires_grad(self) -> bool:
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"requires_grad must be True or False, got {value!r}")
        if value and self._data.dtype.kind != "f":
            raise TypeError(f"requires_grad=True needs a floating dtype, got {self._data.dtype}; convert with .astype")
        if self._node is not None and not value:
            raise ValueError("requires_grad of a computed tensor cannot be switched off; use .detach()")
        self._requires_grad = bool(value)

    # -- the array ------------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        return self._data

    @data.setter
    def data(self, value: Array) -> None:
        value = as_array(value)
        if value.shape != self._data.shape:
            raise ValueError(f"data has shape {self._data.shape}, cannot be set to shape {value.shape}")
        if self._requires_grad and value.dtype.kind != "f":
            raise TypeError(f"data of a tensor with requires_grad=True needs a floating dtype, got {value.dtype}")
        self._data = value
        self._last_write.time = next(clock)

    def mark_written(self) -> None:
        """Report that `data` was written in place, as an optimizer does. A graph recorded before whose rules read the
        old values then refuses to run backward, with an InPlaceError."""
        self._last_write.time = next(clock)

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self._data.shape

    @property
    def dtype(self) -> Any:
        """The NumPy dtype of the elements."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._data.size

    @property
    def device(self) -> str:
        """Where the array lives: `"cpu"` or `"cuda"`."""
        return device_of(self._data)

    def item(self) -> float:
        """The only element as a Python number. Raises ValueError if there are several."""
        return self._data.item()

    def numpy(self) -> np.ndarray:
        """The values as a NumPy array on the CPU (the same memory if they are there already)."""
        return to_device(self._data, "cpu")

    def detach(self) -> Tensor:
        """The same array, cut off from the graph."""
        out = Tensor(self._data)
        out._last_write = self._last_write
        return out

    def to(self, device: str) -> Tensor:
        """This tensor on `"cpu"` or `"cuda"`; itself if it is there already. The gradient is moved back."""
        here = self.device
        if device == here:
            return self

        def to_backward(grad: Array) -> Array:
            return to_device(grad, here)

        return record(to_device(self._data, device), (self,), to_backward)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Write into the array in place. Raises InPlaceError while the tape records this tensor (use `where`)."""
        if self.requires_grad and grad_mode.enabled:
            raise InPlaceError(
                "writing into a tensor that requires a gradient would lose the gradient of what was there; "
                "write inside `with no_grad():`, or build a new tensor with ops.where or ops.concatenate"
            )
        self._data[index] = array_like("value", value.data if isinstance(value, Tensor) else value, self._data)
        self._last_write.time = next(clock)

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a tensor without axes; use .item() for its value")
        return len(self._data)

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(f"the truth of a tensor of shape {self.shape} is ambiguous; use .numpy().any() or .all()")
        return bool(self._data)

    __hash__ = object.__hash__  # by identity, though == compares the elements

    def __float__(self) -> float:
        return float(self._data.item())

    def __repr__(self) -> str:
        values = np.array2string(self.numpy(), precision=4, separator=", ", threshold=20, prefix="Tensor(")
        node = self._node
        made_by = "" if node is None or node.rule is None else f", op={anomaly.op_name(node.rule)}"
        return f"Tensor({values}, dtype={self.dtype}{made_by}{', requires_grad=True' * self.requires_grad})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """For NumPy's functions, and for tensors in a list. A TypeError if that would silently lose the graph."""
        if self.requires_grad:
            raise TypeError("a tensor that requires a gradient is no NumPy array; use ops, or .detach().numpy()")
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __getstate__(self) -> object:
        """The state that `copy.copy` and `copy.deepcopy` copy. A TypeError if the copy would lose the graph."""
        if self._node is not None:
            raise TypeError("only a leaf can be copied, got a tensor with a graph; use .detach() for one without")
        state: Any = super().__getstate__()  # type: ignore[misc]
        state[1]["grad"] = None if self.grad is None else self.grad.copy()  # backward adds to grad in place
        return state

    # -- the backward pass ----------------------------------------------------------------------

    def backward(
        self, gradient: Array | None = None, *, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Add to `.grad` of each leaf the gradient of this tensor with respect to that leaf.

        Args:
            gradient: the gradient to start with: an array of this tensor's shape. None means 1, and is
                allowed for a single element only. With a gradient, the leaves receive the gradient of
                `sum(gradient * self)`.
            retain_graph: keep the graph, so that `backward` can run through it again. Otherwise
                each node is freed as soon as its rule has run.
            create_graph: not supported; True raises `HigherOrderError`.

        Raises:
            NoGraphError, NonScalarError, GraphFreedError, InPlaceError, HigherOrderError: see
                their descriptions. All are raised before any gradient changes.
        """
        first = first_gradient(self, gradient, create_graph)
        order = checked_order(self)  # each node after all that use its output
        gradients = Gradients(self, first)
        for node in order:
            grad = gradients.pop(node)
            gradients.add(node, grad, node.rule(grad))
            if not retain_graph:
                node.free()

    if TYPE_CHECKING:  # operators.py binds these when minigrad is imported; here they lead editors to the ops
        __add__ = ops.add
        __radd__ = operators.radd
        __sub__ = ops.sub
        __rsub__ = operators.rsub
        __mul__ = ops.mul
        __rmul__ = operators.rmul
        __truediv__ = ops.div
        __rtruediv__ = operators.rtruediv
        __matmul__ = ops.matmul
        __rmatmul__ = operators.rmatmul
        __pow__ = ops.power
        __neg__ = ops.neg
        __getitem__ = ops.getitem
        __iter__ = operators.rows
        __contains__ = operators.contains
        __lt__ = operators.less
        __le__ = operators.less_equal
        __gt__ = operators.greater
        __ge__ = operators.greater_equal
        abs = ops.abs
        exp = ops.exp
        log = ops.log
        sqrt = ops.sqrt
        tanh = ops.tanh
        relu = ops.relu
        sigmoid = ops.sigmoid
        sum = ops.sum
        mean = ops.mean
        max = ops.max
        var = ops.var
        reshape = ops.reshape
        transpose = ops.transpose
        swapaxes = ops.swapaxes

        @property
        def T(self) -> Tensor:  # noqa: N802
            return ops.transpose(self)

        def __eq__(self, other: object) -> Tensor:  # type: ignore[override]  # object's returns a bool
            return operators.equal(self, other)

        def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
            return operators.not_equal(self, other)


TensorLike = Tensor | np.ndarray | float | int | Sequence[Any]
"""What ops accept: a tensor, or a constant that becomes one."""

Axis = int | tuple[int, ...] | None
"""One axis, several, or None for all of them, as in NumPy."""


def record(
    output: Array,
    inputs: tuple[Tensor, ...],
    rule: Rule,
    *,
    reads: tuple[Tensor, ...] = (),
    reads_output: bool = False,
    view_of: Tensor | None = None,
) -> Tensor:
    """The output of an op as a tensor. If an input requires a gradient, the op is recorded on the tape.

    Args:
        output: the array that the op computed.
        inputs: its input tensors.
        rule: takes the gradient of the output, an array of its shape, and returns one gradient for each
            input, in their order. None means "no gradient". A gradient may have the output's broadcast
            shape: `backward` sums it to the input's. An array returned must be `grad` itself, a view,
            or new: never one that was saved, and never the same new array twice.
        reads: the input tensors whose arrays the rule reads, to detect in-place writes.
        reads_output: whether the rule reads the output array too.
        view_of: the input whose memory the output shares, if any.
    """
    # This runs for every op, so it skips Tensor's own checks: the output of an op is an array of numbers.
    tensor = Tensor.__new__(Tensor)
    tensor._data = data = output if type(output) is np.ndarray else as_array(output)
    tensor._last_write = LastWrite() if view_of is None else view_of._last_write
    tensor.grad = tensor._node = None
    tensor._requires_grad = False
    if switches.anomaly:
        anomaly.check_forward(data, rule)
    if not grad_mode.enabled:
        return tensor
    parents: list[Node | Tensor | None] = []
    for input in inputs:
        if input._requires_grad:
            tensor._requires_grad = True
            parents.append(input._node or input)  # a leaf has no node: the tensor itself collects the gradient
        else:
            parents.append(None)
    if not tensor._requires_grad:
        return tensor
    read = (*reads, tensor) if reads_output else reads
    tensor._node = node = Node(rule, parents, data, [it._last_write for it in read])
    if switches.anomaly:
        node.fingerprints = [(it._data, anomaly.fingerprint(it._data)) for it in read]
        node.module_path = anomaly.module_path()
    return tensor


# -- making tensors -----------------------------------------------------------------------------


def as_tensor(value: TensorLike) -> Tensor:
    """`value` itself if it is a tensor, otherwise a constant tensor."""
    return value if isinstance(value, Tensor) else Tensor(value)


def raw_array(value: TensorLike) -> Array:
    """The array of a tensor or a constant, on whichever device it is: for ids, labels and masks."""
    return value.data if isinstance(value, Tensor) else as_array(value)


def as_operands(a: TensorLike, b: TensorLike) -> tuple[Tensor, Tensor]:
    """Both operands as tensors on one device: a constant is moved to the tensor's. A Python number takes the dtype of
    the other operand, as in NumPy.

    Raises:
        DeviceError: if both are tensors on different devices.
    """
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if type(a._data) is not type(b._data):
            check_one_device(a._data, b._data)
        return a, b
    if type(b) in (float, int):
        a = as_tensor(a)
        return a, Tensor(number_like(b, a._data))
    if type(a) in (float, int):
        b = as_tensor(b)
        return Tensor(number_like(a, b._data)), b
    if isinstance(a, Tensor):
        return a, _constant(b, a)
    if isinstance(b, Tensor):
        return _constant(a, b), b
    return Tensor(a), Tensor(b)


def _constant(value: TensorLike, other: Tensor) -> Tensor:
    """A constant on the device of a tensor. It is copied if a rule may read it later: the caller may overwrite it."""
    given = as_array(value)
    array = beside(given, other._data)
    return Tensor(array.copy() if array is given and other.requires_grad and grad_mode.enabled else array)
