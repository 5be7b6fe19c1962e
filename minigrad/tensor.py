"""Tensor: an array that remembers how it was computed, and `backward`, which follows the memory back.

An op (see `minigrad/ops`) computes its output array, defines its backward rule, and hands both to
`record`. If a gradient can be asked for, `record` hangs a `Node` on the output: the rule, and the
nodes of the inputs. The nodes are the tape (`minigrad/tape.py`). `Tensor.backward` sorts them so that
a value comes after everything computed from it, then calls each rule once and adds up what the rules
return.

Two decisions keep memory flat. A rule captures the arrays it reads but never its own output
tensor, so the graph has no reference cycle and disappears as soon as nobody holds it. And a node
does not hold its input tensors, only their nodes: an array that no rule reads dies at once.

Source: Baydin et al. 2018, "Automatic Differentiation in Machine Learning: a Survey", section 3.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import anomaly
from minigrad.array_type import Array
from minigrad.conversion import array_like, as_array, number_like
from minigrad.device import beside, check_one_device, device_of, to_device
from minigrad.errors import InPlaceError
from minigrad.grad_mode import is_grad_enabled
from minigrad.tape import LastWrite, Node, Rule, accumulate, clock, prepare, unbroadcast


class Tensor:
    """An array that remembers how it was computed.

    Args:
        data: an array (shared, not copied), or numbers and nested lists of numbers. Python floats
            become float32; arrays keep their dtype (see `minigrad/conversion.py`).
        requires_grad: whether `backward` should leave a gradient here. Floating dtypes only.

    Attributes:
        data: the raw array. Assigning to it, `t.data = a` or `t.data -= a`, counts as an in-place
            write; writing into it, `t.data[0] = a`, cannot be seen except in anomaly mode. Say
            `t[0] = a` instead.
        grad: None, or the raw array of the accumulated gradient, of the shape and dtype of `data`.
        requires_grad: True for leaves that collect a gradient and for all that is computed from them. Only that of
            a leaf can be set.

    Raises:
        TypeError: if data is not numeric, requires_grad is not a boolean, or it is asked of integers.
    """

    __slots__ = ("__weakref__", "_data", "_last_write", "_node", "_requires_grad", "grad")

    # NumPy must leave `array * tensor` to Tensor.__rmul__ and not loop over the elements.
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

    def bump_version(self) -> None:
        """Announce that `data` was written in place, as an optimizer does, so that a graph that
        still needs the old values refuses to run backward."""
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
        """The values as a NumPy array on the host (the same memory if they are there already)."""
        return to_device(self._data, "cpu")

    def detach(self) -> Tensor:
        """The same array, cut off from the graph."""
        out = Tensor(self._data)
        out._last_write = self._last_write
        return out

    def to(self, device: str) -> Tensor:
        """This tensor on `"cpu"` or `"cuda"`; itself if it is there already. The gradient comes back."""
        here = self.device
        if device == here:
            return self

        def to_backward(grad: Array) -> Array:
            return to_device(grad, here)

        return record(to_device(self._data, device), (self,), to_backward)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Write into the array in place. Refused on a value that the tape records (use `where`)."""
        if self.requires_grad and is_grad_enabled():
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
        made_by = f", op={anomaly.op_name(self._node.rule)}" if self._node and self._node.rule else ""
        return f"Tensor({values}, dtype={self.dtype}{made_by}{', requires_grad=True' * self.requires_grad})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """For NumPy's functions, and for tensors in a list. Refused where that would lose the graph in silence."""
        if self.requires_grad:
            raise TypeError("a tensor that requires a gradient is no NumPy array; use ops, or .detach().numpy()")
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __getstate__(self) -> object:
        """What `copy.copy` and `copy.deepcopy` put into the copy. Refused where it would lose its graph."""
        if self._node is not None:
            raise TypeError("only a leaf can be copied, got a tensor with a graph; use .detach() for one without")
        state: Any = super().__getstate__()  # type: ignore[misc]
        state[1]["grad"] = None if self.grad is None else self.grad.copy()  # backward adds to it in place
        return state

    # -- the backward pass ----------------------------------------------------------------------

    def backward(
        self, gradient: Array | None = None, *, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Add to `.grad` of every leaf below this tensor the gradient of this tensor.

        Args:
            gradient: where to start: an array of this tensor's shape. None means one, and is
                allowed only for a single element. With it, the leaves receive the gradient of
                `sum(gradient * self)`.
            retain_graph: keep the graph, so that `backward` can run through it again. Otherwise
                each node is freed as soon as its rule has run.
            create_graph: not supported; True raises `HigherOrderError`.

        Raises:
            NoGraphError, NonScalarError, GraphFreedError, InPlaceError, HigherOrderError: see
                their descriptions. All are raised before any gradient has been changed.
        """
        gradients: dict[Node, Array] = {}
        ours: set[Node] = set()  # those whose gradient nobody else holds, so that it can be added to in place
        order = prepare(self, gradient.data if isinstance(gradient, Tensor) else gradient, gradients, create_graph)
        for node in order:
            grad = gradients.pop(node)
            input_grads = node.rule(grad)  # type: ignore[misc]  # _prepare has refused freed nodes
            if type(input_grads) is not tuple:
                input_grads = (input_grads,)
            if anomaly.enabled:
                anomaly.check_backward(input_grads, node.rule, node.module_path)
            if len(input_grads) != len(node.parents):  # dearer as zip(…, strict=True)
                raise ValueError(f"{node.rule} gave {len(input_grads)} gradients for {len(node.parents)} inputs")
            for parent, input_grad in zip(node.parents, input_grads):  # noqa: B905
                if parent is None or input_grad is None:
                    continue
                if input_grad.shape != parent.shape:
                    input_grad = unbroadcast(input_grad, parent.shape)
                if input_grad.dtype is not parent.dtype:
                    input_grad = input_grad.astype(parent.dtype, copy=False)
                fresh = input_grad is not grad and input_grad.base is None
                if not isinstance(parent, Node):
                    accumulate(parent, input_grad, fresh=fresh)
                elif parent not in gradients:
                    gradients[parent] = input_grad
                    if fresh:
                        ours.add(parent)
                elif parent in ours:
                    gradients[parent] += input_grad
                else:
                    gradients[parent] = gradients[parent] + input_grad
                    ours.add(parent)
            if not retain_graph:
                node.free()

    if TYPE_CHECKING:  # minigrad/operators.py binds these to the ops; here is what they look like.

        def __add__(self, other: TensorLike) -> Tensor: ...
        def __radd__(self, other: TensorLike) -> Tensor: ...
        def __sub__(self, other: TensorLike) -> Tensor: ...
        def __rsub__(self, other: TensorLike) -> Tensor: ...
        def __mul__(self, other: TensorLike) -> Tensor: ...
        def __rmul__(self, other: TensorLike) -> Tensor: ...
        def __truediv__(self, other: TensorLike) -> Tensor: ...
        def __rtruediv__(self, other: TensorLike) -> Tensor: ...
        def __matmul__(self, other: TensorLike) -> Tensor: ...
        def __rmatmul__(self, other: TensorLike) -> Tensor: ...
        def __pow__(self, exponent: float) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __iter__(self) -> Iterator[Tensor]: ...
        def __contains__(self, value: object) -> bool: ...
        def __eq__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __lt__(self, other: TensorLike) -> Tensor: ...
        def __le__(self, other: TensorLike) -> Tensor: ...
        def __gt__(self, other: TensorLike) -> Tensor: ...
        def __ge__(self, other: TensorLike) -> Tensor: ...
        def abs(self) -> Tensor: ...
        def exp(self) -> Tensor: ...
        def log(self) -> Tensor: ...
        def sqrt(self) -> Tensor: ...
        def tanh(self) -> Tensor: ...
        def relu(self) -> Tensor: ...
        def sigmoid(self) -> Tensor: ...
        def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor: ...
        def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor: ...
        def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor: ...
        def var(self, axis: Axis = None, keepdims: bool = False) -> Tensor: ...
        def reshape(self, shape: int | tuple[int, ...]) -> Tensor: ...
        def transpose(self, axes: tuple[int, ...] | None = None) -> Tensor: ...
        def swapaxes(self, axis1: int, axis2: int) -> Tensor: ...
        @property
        def T(self) -> Tensor: ...  # noqa: N802


TensorLike = Tensor | np.ndarray | float | int | Sequence[Any]
"""What ops accept: a tensor, or constants that become one."""

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
    """Wrap the output array of an op and, if a gradient may be asked for, put the op on the tape.

    Args:
        output: the array that the op computed.
        inputs: its input tensors.
        rule: takes the gradient of the output, an array of its shape, to one gradient for each
            input, in their order. None stands for "no gradient". A gradient may have the output's
            broadcast shape: `backward` sums it back. An array returned must be `grad` itself, a
            view, or new: never one that was saved, and never the same new array twice.
        reads: the input tensors whose arrays the rule reads, to detect in-place writes.
        reads_output: whether the rule reads the output array too.
        view_of: the input whose memory the output shares, if it does.
    """
    # This runs once for every op, so it does without Tensor's checks: an op's output is an array of numbers.
    tensor = Tensor.__new__(Tensor)
    tensor._data = data = output if type(output) is np.ndarray else as_array(output)
    tensor._last_write = LastWrite() if view_of is None else view_of._last_write
    tensor.grad = tensor._node = None
    tensor._requires_grad = False
    if anomaly.enabled:
        anomaly.check_forward(data, rule)
    if not is_grad_enabled():
        return tensor
    parents: list[Node | Tensor | None] = []
    for input in inputs:
        if input._requires_grad:
            tensor._requires_grad = True
            parents.append(input._node or input)
        else:
            parents.append(None)
    if not tensor._requires_grad:
        return tensor
    read = (*reads, tensor) if reads_output else reads
    tensor._node = node = Node(rule, parents, data, [it._last_write for it in read])
    if anomaly.enabled:
        node.fingerprints = [(it._data, anomaly.fingerprint(it._data)) for it in read]
        node.module_path = anomaly.module_path()
    return tensor


# -- making tensors -----------------------------------------------------------------------------


def as_tensor(value: TensorLike) -> Tensor:
    """`value` itself if it is a tensor, else a constant."""
    return value if isinstance(value, Tensor) else Tensor(value)


def raw_array(value: TensorLike) -> Array:
    """The array of a tensor, or of a constant, wherever it is: for ids, labels and masks."""
    return value.data if isinstance(value, Tensor) else as_array(value)


def as_operands(a: TensorLike, b: TensorLike) -> tuple[Tensor, Tensor]:
    """Both operands as tensors on one device: a constant goes where the tensor is. A plain number takes the
    other's dtype, as in NumPy.

    Raises:
        DeviceError: if both are tensors, and on different devices.
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
    """An array beside a tensor. If a rule may read it later it is a copy, which the caller cannot change."""
    given = as_array(value)
    array = beside(given, other._data)
    return Tensor(array.copy() if array is given and other.requires_grad and is_grad_enabled() else array)
