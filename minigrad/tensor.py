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

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import anomaly
from minigrad.array_type import Array
from minigrad.conversion import added_up, array_like, as_array, number_like
from minigrad.device import beside, check_one_device, device_of, to_device
from minigrad.errors import HigherOrderError, InPlaceError, NoGraphError, NonScalarError
from minigrad.grad_mode import is_grad_enabled
from minigrad.tape import LastWrite, Node, Rule, clock, topological_order


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
        requires_grad: True for leaves that collect a gradient and for all that is computed from them.

    Raises:
        TypeError: if data is not numeric, or requires_grad is asked of integers.
    """

    __slots__ = ("__weakref__", "_data", "_last_write", "_node", "grad", "requires_grad")

    # NumPy must leave `array * tensor` to Tensor.__rmul__ and not loop over the elements.
    __array_ufunc__ = None

    def __init__(self, data: Array, requires_grad: bool = False) -> None:
        if isinstance(data, Tensor):
            raise TypeError("data is already a Tensor; use .detach() for one without a graph")
        self._data = as_array(data)
        self.grad: Array | None = None
        self.requires_grad = requires_grad
        self._node: Node | None = None
        self._last_write = LastWrite()
        if requires_grad and self._data.dtype.kind != "f":
            raise TypeError(
                f"requires_grad=True needs a floating dtype, got {self._data.dtype}; "
                "convert with data.astype('float32')"
            )

    # -- the array ------------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        return self._data

    @data.setter
    def data(self, value: Array) -> None:
        value = as_array(value)
        if value.shape != self._data.shape:
            raise ValueError(f"data has shape {self._data.shape}, cannot be set to shape {value.shape}")
        if self.requires_grad and value.dtype.kind != "f":
            raise TypeError(f"data of a tensor that requires a gradient must be floating, got {value.dtype}")
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
        self._data[index] = array_like(value.data if isinstance(value, Tensor) else value, self._data)
        self._last_write.time = next(clock)

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a tensor without axes; use .item() for its value")
        return len(self._data)

    def __bool__(self) -> bool:
        return bool(self._data)

    def __float__(self) -> float:
        return float(self._data.item())

    def __repr__(self) -> str:
        values = np.array2string(self.numpy(), precision=4, separator=", ", threshold=20, prefix="Tensor(")
        made_by = f", op={anomaly.op_name(self._node.rule)}" if self._node and self._node.rule else ""
        return f"Tensor({values}, dtype={self.dtype}{made_by}{', requires_grad=True' * self.requires_grad})"

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
        order = _prepare(self, gradient, gradients, create_graph)
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
    tensor.requires_grad = False
    if anomaly.enabled:
        anomaly.check_forward(data, rule)
    if not is_grad_enabled():
        return tensor
    parents: list[Node | Tensor | None] = []
    for input in inputs:
        if input.requires_grad:
            tensor.requires_grad = True
            parents.append(input._node or input)
        else:
            parents.append(None)
    if not tensor.requires_grad:
        return tensor
    read = (*reads, tensor) if reads_output else reads
    tensor._node = node = Node(rule, parents, data, [it._last_write for it in read])
    if anomaly.enabled:
        node.fingerprints = [(it._data, anomaly.fingerprint(it._data)) for it in read]
        node.module_path = anomaly.module_path()
    return tensor


def _prepare(tensor: Tensor, gradient: Array | None, gradients: dict[Node, Array], create_graph: bool) -> list[Node]:
    """Check everything that can be wrong with a call of backward; put the first gradient in place."""
    if create_graph:
        raise HigherOrderError(
            "gradients of gradients are not supported: backward rules compute on raw arrays, which the tape does "
            "not record; write the derivative out with ops and differentiate that"
        )
    if not tensor.requires_grad:
        raise NoGraphError(
            "backward() from a tensor that does not depend on anything with requires_grad=True; set it on the "
            "parameters before the forward pass, and check that it does not run under no_grad() or detach()"
        )
    if gradient is None:
        if tensor.size != 1:
            raise NonScalarError(
                f"backward() from a tensor of shape {tensor.shape} needs a gradient of that shape; reduce it to "
                "one number first, as with .sum() or .mean(), or pass backward(gradient)"
            )
        gradient = np.ones_like(tensor.data)
    else:
        gradient = array_like(gradient.data if isinstance(gradient, Tensor) else gradient, tensor.data, "gradient")
        if gradient.shape != tensor.shape:
            raise ValueError(f"gradient must have the shape {tensor.shape}, got {gradient.shape}")
    if tensor._node is None:  # a leaf is its own gradient's end
        accumulate(tensor, gradient, fresh=False)
        return []
    order = topological_order(tensor._node)
    for node in order:
        node.check()
    gradients[tensor._node] = gradient
    return order


def accumulate(leaf: Tensor, gradient: Array, *, fresh: bool) -> None:
    """Add a gradient to `leaf.grad`, in place if there is one, taking over the array if it is `fresh`
    (nobody else holds it)."""
    if leaf.grad is not None:
        leaf.grad += gradient
    elif isinstance(gradient, np.generic):  # NumPy's arithmetic makes numbers of arrays without axes
        leaf.grad = np.array(gradient)
    else:
        leaf.grad = gradient if fresh else gradient.copy()


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which broadcasting repeated a value of `shape`."""
    if gradient.shape == shape:
        return gradient
    added = gradient.ndim - len(shape)
    repeated = [axis + added for axis, n in enumerate(shape) if n == 1 and gradient.shape[axis + added] != 1]
    return added_up(gradient, (*range(added), *repeated)).reshape(shape)


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
        return a, Tensor(beside(as_array(b), a._data))
    if isinstance(b, Tensor):
        return Tensor(beside(as_array(a), b._data)), b
    return Tensor(a), Tensor(b)
