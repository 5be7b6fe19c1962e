"""The tape: recorded operations, and the order in which `Tensor.backward` goes back through them.

A `Node` is one operation: its backward rule, and the nodes of its inputs. The nodes are a graph that
points from results back to leaves. They hold no tensors but the leaves, and a rule never holds its own
output tensor, so the graph has no reference cycle and disappears as soon as nobody holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from minigrad import anomaly
from minigrad.array_type import Array
from minigrad.errors import GraphFreedError, InPlaceError

if TYPE_CHECKING:
    from minigrad.tensor import Tensor

Rule = Callable[[Array], Any]
"""A backward rule: the gradient of the output in, the gradient of each input (or None) out."""


class WriteCounter:
    """Counts the in-place writes to one piece of memory; views of it share the counter."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Node:
    """One recorded operation: its backward rule, and where the gradients that it returns go.

    Attributes:
        rule: the backward rule; None once the graph is freed.
        parents: for each input its node, the tensor itself if it is a leaf that requires a
            gradient, or None if it needs no gradient.
        shape, dtype: those of the output, and so of its gradient.
        reads: the write counter, its count, and in anomaly mode the array and its fingerprint, of
            each array that the rule reads.
        module_path: in anomaly mode, the module that called the op.
    """

    __slots__ = ("dtype", "module_path", "parents", "reads", "rule", "shape")

    def __init__(self, rule: Rule, parents: Sequence[Node | Tensor | None], output: Array) -> None:
        self.rule: Rule | None = rule
        self.parents = parents
        self.shape, self.dtype = output.shape, output.dtype
        self.reads: list[tuple[WriteCounter, int, Array | None, bytes]] = []
        self.module_path = ""

    def watch(self, counter: WriteCounter, array: Array) -> None:
        """Remember the state of an array that the rule reads."""
        if anomaly.enabled:
            self.reads.append((counter, counter.count, array, anomaly.fingerprint(array)))
        else:
            self.reads.append((counter, counter.count, None, b""))

    def check(self) -> None:
        """Raise GraphFreedError or InPlaceError if the rule can no longer run."""
        if self.rule is None:
            raise GraphFreedError(
                "backward() reached a part of the graph that an earlier backward() has freed; run the forward "
                "pass again, or call the earlier one with retain_graph=True"
            )
        for counter, count, array, fingerprint in self.reads:
            if counter.count != count or (array is not None and anomaly.fingerprint(array) != fingerprint):
                raise InPlaceError(
                    f"an array that `{self.rule.__name__}` reads was overwritten after the forward pass "
                    "(by an optimizer step, `t[...] = `, or `t.data = `); call backward() before writing, "
                    "or write into a copy"
                )

    def free(self) -> None:
        """Let go of the rule, with the arrays that it captured, and of the rest of the graph."""
        self.rule, self.parents, self.reads = None, (), []


def topological_order(root: Node) -> list[Node]:
    """The nodes that `root` was computed from, each after all the nodes that use it.

    A value that is used twice, as `b` in `b = a + a; c = b * b`, must have both gradients before
    its own rule runs, which a walk in order of discovery would get wrong. The search keeps its own
    stack: Python's would overflow in a graph a thousand operations deep.
    """
    finished: list[Node] = []
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, parents_are_finished = stack.pop()
        if parents_are_finished:
            finished.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            for parent in node.parents:
                if isinstance(parent, Node):
                    stack.append((parent, False))
    finished.reverse()
    return finished
