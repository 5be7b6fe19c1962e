"""The tape: recorded operations, the order in which `Tensor.backward` goes back through them, and what it does
with the gradients on the way.

A `Node` is one operation: its backward rule, and the nodes of its inputs. The nodes are a graph that
points from results back to leaves. They hold no tensors but the leaves, and a rule never holds its own
output tensor, so the graph has no reference cycle and disappears as soon as nobody holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import anomaly
from minigrad.array_type import Array
from minigrad.conversion import added_up, array_like
from minigrad.errors import GraphFreedError, HigherOrderError, InPlaceError, NoGraphError, NonScalarError

if TYPE_CHECKING:
    from minigrad.tensor import Tensor

Rule = Callable[[Array], Any]
"""A backward rule: the gradient of the output in, the gradient of each input (or None) out."""


clock = count(1)
"""Gives every recording of an op and every announced write its place in time."""


class LastWrite:
    """When one piece of memory was last written in place; views of it share this."""

    time = 0


class Node:
    """One recorded operation: its backward rule, and where the gradients that it returns go.

    Attributes:
        rule: the backward rule; None once the graph is freed.
        parents: for each input its node, the tensor itself if it is a leaf that requires a
            gradient, or None if it needs no gradient.
        shape, dtype: those of the output, and so of its gradient.
        time: when it was recorded.
        reads: the last write of each array that the rule reads; one after `time` is too late.
        fingerprints: in anomaly mode, the arrays that the rule reads, and what they held.
        module_path: in anomaly mode, the module that called the op.
    """

    __slots__ = ("dtype", "fingerprints", "module_path", "parents", "reads", "rule", "shape", "time")

    def __init__(
        self, rule: Rule, parents: Sequence[Node | Tensor | None], output: Array, reads: Sequence[LastWrite]
    ) -> None:
        self.rule: Rule | None = rule
        self.parents = parents
        self.shape, self.dtype = output.shape, output.dtype
        self.time = next(clock)
        self.reads = reads
        self.fingerprints: Sequence[tuple[Array, bytes]] = ()
        self.module_path = ""

    def __repr__(self) -> str:
        op = anomaly.op_name(self.rule) if self.rule else "freed"
        return f"Node({op}, shape={self.shape}, time={self.time})"

    def check(self) -> None:
        """Raise GraphFreedError or InPlaceError if the rule can no longer run, or what `check_grad` raises if a leaf
        cannot take its gradient."""
        if self.rule is None:
            raise GraphFreedError(
                "backward() reached a part of the graph that an earlier backward() has freed; run the forward "
                "pass again, or call the earlier one with retain_graph=True"
            )
        for last_write in self.reads:
            if last_write.time > self.time:
                raise self._overwritten()
        for array, fingerprint in self.fingerprints:
            if anomaly.fingerprint(array) != fingerprint:
                raise self._overwritten()
        for parent in self.parents:
            if parent is not None and not isinstance(parent, Node) and parent.grad is not None:
                check_grad(parent)

    def _overwritten(self) -> InPlaceError:
        return InPlaceError(
            f"an array that `{anomaly.op_name(self.rule)}_backward` reads was overwritten after the forward pass "
            "(by an optimizer step, `t[...] = `, or `t.data = `); call backward() before writing, "
            "or write into a copy"
        )

    def free(self) -> None:
        """Let go of the rule, with the arrays that it captured, and of the rest of the graph."""
        self.rule, self.parents, self.reads, self.fingerprints = None, (), (), ()


def topological_order(root: Node) -> list[Node]:
    """The nodes that `root` was computed from, each after all the nodes that use it.

    A value that is used twice, as `b` in `b = a + a; c = b * b`, must have both gradients before
    its own rule runs, which a walk in order of discovery would get wrong. An op is recorded after those
    that its inputs come from, so what was recorded last goes first. The search keeps its own stack:
    Python's would overflow in a graph a thousand operations deep.
    """
    found, stack = {root}, [root]
    while stack:
        for parent in stack.pop().parents:
            if type(parent) is Node and parent not in found:
                found.add(parent)
                stack.append(parent)
    return sorted(found, key=attrgetter("time"), reverse=True)


def prepare(tensor: Tensor, gradient: Array | None, gradients: dict[Node, Array], create_graph: bool) -> list[Node]:
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
        gradient = array_like("gradient", gradient, tensor.data)
        if gradient.shape != tensor.shape:
            raise ValueError(f"gradient must have the shape {tensor.shape}, got {gradient.shape}")
    if tensor._node is None:  # a leaf is its own gradient's end
        if tensor.grad is not None:
            check_grad(tensor)
        accumulate(tensor, gradient, fresh=False)
        return []
    order = topological_order(tensor._node)
    for node in order:
        node.check()
    gradients[tensor._node] = gradient
    return order


def check_grad(leaf: Tensor) -> None:
    """Raise unless a gradient can be added to `leaf.grad`, to which anything may have been assigned.

    Raises:
        TypeError: if it is not an array on the device and of the dtype of `leaf.data`.
        ValueError: if its shape is not that of the leaf: adding would broadcast.
    """
    grad, data = leaf.grad, leaf.data
    if not isinstance(grad, type(data) | np.generic) or grad.dtype != data.dtype:
        found = f"{type(grad).__name__} of dtype {getattr(grad, 'dtype', None)}"
        raise TypeError(f"grad must be None or a {type(data).__name__} of dtype {data.dtype}, as data is, got {found}")
    if grad.shape != leaf.shape:
        raise ValueError(f"grad must have the shape of its tensor, {leaf.shape}, got {grad.shape}")


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
