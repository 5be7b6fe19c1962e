"""The tape as the variables of running functions show it: its nodes, the gradients that wait, and the rule that runs.

While `Tensor.backward` runs, its own variables say everything: `order` holds the nodes, `gradients` what has arrived at
those whose rules have not run yet, and `node` the one whose rule runs. At other times, the tape is what can be reached
from the tensors that were a variable or a result once and are still alive, as the first product in `a * b + c * d` is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, TypeGuard
from weakref import ref

import numpy as np

from lectures.stepping.shortening import numbers, op_of
from minigrad import Tensor, nn
from minigrad.tape import Node

Row = list[Any]
"""What the page shows of a node or leaf: [name, op, shape, inputs, gradient, state]. The state is `now` for the node
whose rule runs, `freed`, `leaf`, or empty."""


class TapeReader:
    """Reads the tape from frames, and keeps what a node was called when it still had its rule.

    Args:
        program: the file of the recorded program, whose names for leaves are shown.
        start: the time of the tape's clock when the recording starts. Numbers of nodes count from there.
    """

    def __init__(self, program: Path, start: int) -> None:
        self.program, self.start = program, start
        self._ops: dict[int, str] = {}
        self._seen: dict[int, ref[Tensor]] = {}  # by id, since == of tensors compares their elements

    def name(self, node: Node) -> str:
        """`mul #2`: the op, and its number on the tape."""
        return f"{self.op(node)} #{node.time - self.start}"

    def op(self, node: Node) -> str:
        """The op of a node, even if backward has freed it."""
        if node.rule is not None:
            self._ops[node.time] = op_of(node)
        return self._ops.get(node.time, "freed")

    def rows(self, frames: Sequence[FrameType], returned: object = None) -> dict[str, Row]:
        """The leaves that have a name, then the nodes from the oldest to the newest; nothing before the first node.

        Args:
            frames: the functions that run, the outermost first.
            returned: what the innermost returns, if it does.
        """
        walk = next((frame for frame in reversed(frames) if frame.f_code is Tensor.backward.__code__), None)
        variables: dict[str, Any] = {} if walk is None else walk.f_locals
        values = [returned, *(value for frame in frames for value in frame.f_locals.values())]
        nodes = _reachable([*variables.get("order", ()), *self._newest_nodes(values)])
        if not nodes and not self._ops:
            return {}
        leaves = _named_leaves([frame for frame in frames if Path(frame.f_code.co_filename) == self.program])
        names = {id(leaf): name for name, leaf in leaves.items()}
        rows = {name: _leaf_row(name, leaf) for name, leaf in leaves.items()}
        for node in sorted(nodes, key=lambda node: node.time):
            rows[str(node.time - self.start)] = self._node_row(node, variables, names)
        return rows

    def _newest_nodes(self, values: Sequence[object]) -> list[Node]:
        """The nodes of the tensors among the values, and of those seen before that are alive."""
        self._seen |= {id(value): ref(value) for value in values if _is_whole_tensor(value)}
        alive = {key: tensor for key, seen in self._seen.items() if (tensor := seen()) is not None}
        self._seen = {key: self._seen[key] for key in alive}
        return [tensor._node for tensor in alive.values() if tensor._node is not None]

    def _node_row(self, node: Node, variables: dict[str, Any], names: dict[int, str]) -> Row:
        """A row, given the variables of `Tensor.backward` and the names of leaves."""
        gradients, number = variables.get("gradients", {}), str(node.time - self.start)
        grad, state = gradients.get(node), "freed" if node.rule is None else ""
        if not state and node is variables.get("node"):
            state = "now"
            if node not in gradients:  # it has been popped, and is in `grad`
                grad = variables.get("grad")
        inputs = ", ".join(self._input(parent, names) for parent in node.parents)
        return [number, self.op(node), _shape(node.shape), inputs, _numbers(grad), state]

    def _input(self, parent: Node | Tensor | None, names: dict[int, str]) -> str:
        if parent is None:
            return "·"  # it needs no gradient
        return f"#{parent.time - self.start}" if isinstance(parent, Node) else names.get(id(parent), "leaf")


def _is_whole_tensor(value: Any) -> TypeGuard[Tensor]:
    """Whether it is a tensor whose __init__ has ended."""
    return isinstance(value, Tensor) and all(hasattr(value, name) for name in ("_node", "_requires_grad", "grad"))


def _reachable(roots: Sequence[Node]) -> set[Node]:
    found, stack = set(roots), list(roots)
    while stack:
        for parent in stack.pop().parents:
            if isinstance(parent, Node) and parent not in found:
                found.add(parent)
                stack.append(parent)
    return found


def _named_leaves(frames: Sequence[FrameType]) -> dict[str, Tensor]:
    """The leaves that require a gradient, by the first name that the program gives them."""
    leaves: dict[str, Tensor] = {}
    named: set[int] = set()
    for frame in frames:
        for name, value in frame.f_locals.items():
            for path, leaf in _tensors_of(name, value):
                is_leaf = _is_whole_tensor(leaf) and leaf._requires_grad and leaf._node is None
                if is_leaf and path not in leaves and id(leaf) not in named:
                    leaves[path] = leaf
                    named.add(id(leaf))
    return leaves


def _tensors_of(name: str, value: object) -> list[tuple[str, Any]]:
    """A variable, or the parameters of the module that it holds."""
    if isinstance(value, nn.Module) and name != "self":  # the __init__ of `self` may not have ended
        return [(f"{name}.{path}", parameter) for path, parameter in value.named_parameters()]
    return [(name, value)]


def _leaf_row(name: str, leaf: Tensor) -> Row:
    return [name, "leaf", _shape(leaf.shape), "", _numbers(leaf.grad), "leaf"]


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "scalar"


def _numbers(grad: object) -> str:
    return numbers(np.asarray(grad)) if isinstance(grad, np.ndarray | np.generic) else ""
