"""The tape: recorded operations, and the order in which `Tensor.backward` goes back through them.

A `Node` is one operation: its backward rule, and the nodes of its inputs. The nodes are a graph that
points from results back to leaves. They hold no tensors but the leaves, and a rule never holds its own
output tensor, so the graph has no reference cycle and disappears as soon as nobody holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from minigrad import anomaly
from minigrad.array_type import Array
from minigrad.errors import GraphFreedError, InPlaceError

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

    def check(self) -> None:
        """Raise GraphFreedError or InPlaceError if the rule can no longer run."""
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
