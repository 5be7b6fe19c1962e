"""What `Tensor.backward` does with gradients: where they start, how they add up, and where they end.

Two rules make the adding up safe. A value that is used several times receives one gradient from each use, and their
sum must be complete before its own rule runs; `topological_order` sees to that. And adding in place is only allowed
to an array that nobody else holds, because a rule may return the same array for two inputs (`add` does), or a view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import anomaly, switches
from minigrad.array_type import Array
from minigrad.conversion import added_up, array_like
from minigrad.errors import HigherOrderError, NoGraphError, NonScalarError
from minigrad.tape import Node

if TYPE_CHECKING:
    from minigrad.tensor import Tensor


class Gradients(dict[Node, Array]):
    """For each node whose rule has not run yet, the sum of the gradients that its output has received so far.

    Args:
        tensor: where `backward` starts.
        first: its gradient.

    Attributes:
        owned: the nodes whose sum is an array that nobody else holds.
    """

    __slots__ = ("owned",)

    def __init__(self, tensor: Tensor, first: Array) -> None:
        self.owned: set[Node] = set()
        if tensor._node is None:
            accumulate(tensor, first, fresh=False)
        else:
            self[tensor._node] = first

    def add(self, node: Node, grad: Array, input_grads: Any) -> None:
        """Add what the rule of `node` returned for `grad` to the gradients of its inputs: `.grad` of those that are
        leaves, the sums kept here of all others.

        Raises:
            NonFiniteError: in anomaly mode, if a gradient holds a NaN or infinity.
            ValueError: if the rule did not return one gradient for each input.
        """
        if type(input_grads) is not tuple:
            input_grads = (input_grads,)
        if switches.anomaly:
            anomaly.check_backward(input_grads, node.rule, node.module_path)
        parents = node.parents
        if len(input_grads) != len(parents):  # zip(…, strict=True) would be slower
            raise ValueError(f"{node.rule} gave {len(input_grads)} gradients for {len(parents)} inputs")
        for parent, input_grad in zip(parents, input_grads):  # noqa: B905
            if parent is None or input_grad is None:
                continue
            like = parent if type(parent) is Node else parent._data  # what the gradient must look like
            if input_grad.shape != like.shape:
                input_grad = unbroadcast(input_grad, like.shape)
            if input_grad.dtype is not like.dtype:
                input_grad = input_grad.astype(like.dtype, copy=False)
            fresh = input_grad is not grad and input_grad.base is None  # neither passed on nor a view: a new array
            if type(parent) is not Node:
                accumulate(parent, input_grad, fresh=fresh)
            elif parent not in self:
                self[parent] = input_grad
                if fresh:
                    self.owned.add(parent)
            elif parent in self.owned:
                self[parent] += input_grad
            else:
                self[parent] = self[parent] + input_grad
                self.owned.add(parent)


def first_gradient(tensor: Tensor, gradient: Any, create_graph: bool) -> Array:
    """The gradient with which a call of `tensor.backward` starts: the one given, or 1.

    Raises:
        HigherOrderError: if create_graph is asked for.
        NoGraphError: if no gradient can flow from the tensor.
        NonScalarError: if it has several elements, and no gradient is given.
        TypeError, ValueError: if the gradient given has another shape than the tensor, or a dtype that does not fit.
    """
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
        return np.ones_like(tensor.data)
    if hasattr(gradient, "requires_grad"):  # a tensor, whose class this module does not import
        gradient = gradient.data
    gradient = array_like("gradient", gradient, tensor.data)
    if gradient.shape != tensor.shape:
        raise ValueError(f"gradient must have the shape {tensor.shape}, got {gradient.shape}")
    return gradient


def accumulate(leaf: Tensor, gradient: Array, *, fresh: bool) -> None:
    """Add a gradient to `leaf.grad`, in place if there is one. Otherwise store the array itself if it is `fresh`
    (nobody else holds it), or else a copy."""
    if leaf.grad is not None:
        leaf.grad += gradient
    elif isinstance(gradient, np.generic):  # NumPy's arithmetic turns arrays without axes into scalars
        leaf.grad = np.array(gradient)
    else:
        leaf.grad = gradient if fresh else gradient.copy()


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which broadcasting repeated a value of `shape`.

    The derivative of copying a value n times is the sum of the n gradients that the copies receive.
    """
    if gradient.shape == shape:
        return gradient
    added = gradient.ndim - len(shape)  # broadcasting puts new axes in front
    repeated = [axis + added for axis, n in enumerate(shape) if n == 1 and gradient.shape[axis + added] != 1]
    return added_up(gradient, (*range(added), *repeated)).reshape(shape)
