"""How the grader calls your code. Change a function only if your design differs from that of the handout."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import cross_entropy
import numpy as np
import rules
from adamw import AdamW
from backward import Leaf, Operation, backward

from minigrad import gradients as library
from minigrad.tape import Node, topological_order

# -- 1.1 --------------------------------------------------------------------------------------------


def unbroadcast(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of a value of this shape."""
    return np.asarray(library.unbroadcast(gradient, shape))


# -- 1.2: a graph is a list of (name, names of the inputs); its last node is the root ---------------


class Parents(list):
    """Inputs of a node that count how often they are looked through."""

    looks = 0

    def __iter__(self) -> Any:
        Parents.looks += 1
        if Parents.looks > 1000:
            raise RuntimeError("the inputs of 24 nodes were looked through more than 1,000 times")
        return super().__iter__()


def order(graph: list[tuple[str, list[str]]]) -> list[str]:
    """The names of the nodes, in order."""
    nodes: dict[str, Node] = {}
    for name, inputs in graph:
        nodes[name] = _node([nodes[one] for one in inputs])
    names = {id(node): name for name, node in nodes.items()}
    return [names[id(node)] for node in topological_order(nodes[graph[-1][0]])]


def count_looks(n: int) -> int:
    """The number of nodes in a chain of doublings, each of which uses the one before it twice."""
    Parents.looks = 0
    node = _node(Parents())
    for _ in range(n - 1):
        node = _node(Parents([node, node]))
    return len(topological_order(node))


def length_of_chain(n: int) -> int:
    """The number of nodes in a chain, each of which uses the one before it."""
    node = _node([])
    for _ in range(n - 1):
        node = _node([node])
    return len(topological_order(node))


def _node(inputs: list[Node]) -> Node:
    return Node(lambda grad: grad, inputs, np.zeros(()), [])


# -- 1.3: a program is a list of (name, operation, names of the inputs) -----------------------------

Program = list[tuple[str, str, list[str]]]


def gradients(program: Program, values: dict[str, np.ndarray], first: np.ndarray, times: int) -> dict[str, Any]:
    """The gradients of the leaves after forward and backward passes, as many as asked for."""
    leaves = {name: Leaf(value) for name, value in values.items()}
    for _ in range(times):
        backward(_record(program, leaves), first)
    return _grads(leaves)


def retained(program: Program, values: dict[str, np.ndarray], first: np.ndarray) -> dict[str, Any]:
    """The gradients after two passes through one graph."""
    leaves = {name: Leaf(value) for name, value in values.items()}
    operations = _record(program, leaves)
    backward(operations, first, retain_graph=True)
    backward(operations, first)
    return _grads(leaves)


def sharing(program: Program, values: dict[str, np.ndarray], first: np.ndarray) -> str:
    """Who else holds the array of a leaf's gradient."""
    leaves = {name: Leaf(value) for name, value in values.items()}
    backward(_record(program, leaves), first)
    x, y = (leaf.grad for leaf in leaves.values())
    assert x is not None
    assert y is not None
    if np.shares_memory(x, first) or np.shares_memory(y, first):
        return "the caller" if not np.shares_memory(x, y) else "another leaf, and the caller"
    return "another leaf" if np.shares_memory(x, y) else "nobody else"


def freed(program: Program, values: dict[str, np.ndarray], first: np.ndarray) -> str:
    """Whether the operations were freed."""
    operations = _record(program, {name: Leaf(value) for name, value in values.items()})
    backward(operations, first)
    return "freed" if all(one.rule is None and not one.inputs for one in operations) else "kept"


def second_pass(program: Program, values: dict[str, np.ndarray], first: np.ndarray) -> str:
    """What a second pass through a graph does that has been freed, and whether gradients change."""
    leaves = {name: Leaf(value) for name, value in values.items()}
    operations = _record(program, leaves)
    backward(operations, first)
    for operation in operations:  # freed in any case, so that this does not depend on the example before
        operation.rule, operation.inputs = None, ()
    before = {name: grad.copy() for name, grad in _grads(leaves).items()}
    try:
        backward(operations, first)
    except Exception as error:
        kept = all(np.array_equal(before[name], grad) for name, grad in _grads(leaves).items())
        return f"{type(error).__name__}, gradients {'kept' if kept else 'changed'}"
    return "no error"


def _record(program: Program, leaves: dict[str, Leaf]) -> list[Operation]:
    """The operations of a program, the last one first."""
    made: dict[str, Leaf | Operation] = dict(leaves)
    values = {name: leaf.value for name, leaf in leaves.items()}
    operations: list[Operation] = []
    for name, kind, used in program:
        if kind == "leaf":
            continue
        arguments = [values[one] for one in used]
        rule: Callable[[np.ndarray], list[np.ndarray]]
        if kind == "double":
            values[name], rule = 2 * arguments[0], _double_rule
        elif kind == "add":
            values[name], rule = arguments[0] + arguments[1], _add_rule
        else:
            a, b = arguments
            values[name], rule = a * b, partial(_product_rule, a, b)
        made[name] = operation = Operation(rule, [made[one] for one in used])
        operations.insert(0, operation)
    return operations


def _double_rule(grad: np.ndarray) -> list[np.ndarray]:
    return [2 * grad]


def _add_rule(grad: np.ndarray) -> list[np.ndarray]:
    return [grad, grad]


def _product_rule(a: np.ndarray, b: np.ndarray, grad: np.ndarray) -> list[np.ndarray]:
    return [grad * b, grad * a]


def _grads(leaves: dict[str, Leaf]) -> dict[str, Any]:
    return {name: leaf.grad for name, leaf in leaves.items()}


# -- 1.4 --------------------------------------------------------------------------------------------


def mul(grad: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
    """The gradients of a and b."""
    return tuple(rules.mul_rule(grad, a, b))


def linear(grad: np.ndarray, x: np.ndarray, weight: np.ndarray, name: str) -> np.ndarray:
    """The gradient of x, weight or bias."""
    return rules.linear_rule(grad, x, weight)[["x", "weight", "bias"].index(name)]


def getitem(grad: np.ndarray, shape: tuple[int, ...], rows: np.ndarray) -> np.ndarray:
    """The gradient of x."""
    return rules.getitem_rule(grad, shape, rows)


# -- 1.5 --------------------------------------------------------------------------------------------


def loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """The loss."""
    with np.errstate(all="ignore"):
        return float(cross_entropy.cross_entropy(logits, labels)[0])


def loss_gradient(logits: np.ndarray, labels: np.ndarray, grad: float) -> np.ndarray:
    """What the rule returns."""
    with np.errstate(all="ignore"):
        return cross_entropy.cross_entropy(logits, labels)[1](grad)


# -- 1.6 --------------------------------------------------------------------------------------------


def adamw(
    start: dict[str, np.ndarray], gradients: list[dict[str, np.ndarray]], lr: float, betas: tuple[float, float],
    eps: float, weight_decay: float, name: str,
) -> np.ndarray:  # fmt: skip
    """A parameter after a step for each of the gradients."""
    optimizer = AdamW(start, lr, betas, eps, weight_decay)
    with np.errstate(all="ignore"):
        for one in gradients:
            optimizer.step(one)
    return optimizer.parameters[name]


def adamw_in_place(start: dict[str, np.ndarray], gradients: dict[str, np.ndarray], lr: float) -> str:
    """Whether the arrays themselves change."""
    before = {name: array.copy() for name, array in start.items()}
    with np.errstate(all="ignore"):
        AdamW(start, lr, (0.9, 0.99), 1e-3, 0.0).step(gradients)
    changed = all(not np.array_equal(before[name], array) for name, array in start.items())
    return "changed in place" if changed else "unchanged"
