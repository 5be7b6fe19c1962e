"""The tape: recorded operations, and the order in which `Tensor.backward` goes back through them.

A `Node` is one operation: its backward rule, and the nodes of its inputs. The nodes form a graph that points from
results back to leaves. They hold no tensors but the leaves, and a rule never holds its own output tensor, so the graph
has no reference cycle and is freed as soon as nobody holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, final

import numpy as np

from minigrad import anomaly
from minigrad.array_type import Array
from minigrad.errors import GraphFreedError, InPlaceError

if TYPE_CHECKING:
    from minigrad.tensor import Tensor

Rule = Callable[[Array], Any]
"""A backward rule: takes the gradient of the output, returns the gradient of each input (or None)."""


clock = count(1)
"""Numbers all recorded ops and all in-place writes in the order in which they happen."""


class LastWrite:
    """When one piece of memory was last written in place. All views of the memory share one of these."""

    time = 0


@final
class Node:
    """One recorded operation: its backward rule, and where the gradients that it returns go.

    Attributes:
        rule: the backward rule; None once the graph is freed.
        parents: for each input its node, the tensor itself if it is a leaf that requires a
            gradient, or None if it needs no gradient.
        shape, dtype: those of the output, and so of its gradient.
        time: when it was recorded.
        reads: the last write of each array that the rule reads; one after `time` is too late.
        fingerprints: in anomaly mode, the arrays that the rule reads, each with a hash of its values.
        module_path: in anomaly mode, the module that called the op.
    """

    __slots__ = ("dtype", "fingerprints", "module_path", "parents", "reads", "rule", "shape", "time")

    def __init__(
        self, rule: Rule, parents: Sequence[Node | Tensor | None], output: Array, reads: Sequence[LastWrite]
    ) -> None:
        self.rule = rule
        self.parents = parents
        self.shape, self.dtype = output.shape, output.dtype
        self.time = next(clock)
        self.reads = reads
        self.fingerprints: Sequence[tuple[Array, bytes]] = ()
        self.module_path = ""

    def __repr__(self) -> str:
        op = "freed" if self.rule is None else anomaly.op_name(self.rule)
        return f"Node({op}, shape={self.shape}, time={self.time})"

    def check(self) -> None:
        """Check that the rule can run, and that each leaf among the inputs can take its gradient.

        Raises:
            GraphFreedError: if the graph has been freed.
            InPlaceError: if an array that the rule reads was overwritten.
            TypeError, ValueError: as `check_grad`.
        """
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
            if parent is not None and type(parent) is not Node and parent.grad is not None:
                check_grad(parent)

    def _overwritten(self) -> InPlaceError:
        return InPlaceError(
            f"an array that `{anomaly.op_name(self.rule)}_backward` reads was overwritten after the forward pass "
            "(by an optimizer step, `t[...] = `, or `t.data = `); call backward() before writing, "
            "or write into a copy"
        )

    def free(self) -> None:
        """Release the rule, the arrays that it captured, and the nodes of the inputs."""
        self.rule = None  # type: ignore[assignment]  # only `check` asks for it
        self.parents, self.reads, self.fingerprints = (), (), ()


def check_grad(leaf: Tensor) -> None:
    """Check that a gradient can be added to `leaf.grad`, to which a user may have assigned anything.

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


def topological_order(root: Node) -> list[Node]:
    """The nodes that `root` was computed from, each after all the nodes that use its output.

    In `b = a + a; c = b * b`, b is used twice: both gradients must arrive before the rule of b runs. A depth-first or
    breadth-first walk that runs each rule when it first finds the node would run it after one. Instead, the search
    only collects the nodes, and sorting puts them in order: an op is recorded after the ops that made its inputs, so
    the latest comes first. The search keeps its own stack, because a recursion would overflow Python's in a graph of
    a thousand operations.
    """
    found, stack = {root}, [root]
    while stack:
        for parent in stack.pop().parents:
            if type(parent) is Node and parent not in found:
                found.add(parent)
                stack.append(parent)
    return sorted(found, key=attrgetter("time"), reverse=True)


def checked_order(tensor: Tensor) -> list[Node]:
    """The nodes that `tensor` was computed from, in topological order, once all of them are ready to run backward.

    Raises:
        GraphFreedError, InPlaceError, TypeError, ValueError: as `Node.check`.
    """
    if tensor._node is None:  # a leaf: no rule will run, its own `.grad` takes the gradient
        if tensor.grad is not None:
            check_grad(tensor)
        return []
    order = topological_order(tensor._node)
    for node in order:
        node.check()
    return order
