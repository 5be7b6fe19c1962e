"""The backward pass over operations in order. Exercise 1.3.

The library's version is `Tensor.backward` with `minigrad/gradients.py`. It is longer because it adds in place where
nobody else holds an array, undoes broadcasting, and checks that no array was overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


class Leaf:
    """A value that a program starts with, such as a parameter.

    Attributes:
        value: an array.
        grad: the gradients that it has received so far, added up; None before the first.
    """

    def __init__(self, value: np.ndarray) -> None:
        self.value = value
        self.grad: np.ndarray | None = None


class Operation:
    """A recorded operation.

    Attributes:
        rule: takes the gradient of the output, returns the gradient of each input; None once the graph is freed.
        inputs: leaves and operations.
    """

    def __init__(self, rule: Callable[[np.ndarray], Sequence[np.ndarray]], inputs: Sequence[Leaf | Operation]) -> None:
        self.rule: Callable[[np.ndarray], Sequence[np.ndarray]] | None = rule
        self.inputs = inputs


def backward(order: Sequence[Operation], first: np.ndarray, *, retain_graph: bool = False) -> None:
    """Run the rules, and add the gradients of leaves to their `grad`.

    Args:
        order: operations, each after all that use its output; the first one is the root.
        first: the gradient of the root's output.
        retain_graph: keep the rules. Otherwise each operation is freed after its rule has run: its rule becomes None
            and its inputs an empty tuple, so that the arrays that the rule reads can be released.

    An array that a rule returns is never written to: the rule may return the same array for two inputs, and the caller
    may hold it. No two leaves share an array as their `grad`.

    Raises:
        RuntimeError: if an operation has been freed; no gradient has changed then.
    """
    if any(operation.rule is None for operation in order):
        raise RuntimeError("the graph was freed by an earlier backward pass")
    gradients = {order[0]: first}
    for operation in order:
        grad = gradients.pop(operation)
        assert operation.rule is not None
        for parent, input_grad in zip(operation.inputs, operation.rule(grad), strict=True):
            if isinstance(parent, Leaf):
                parent.grad = input_grad.copy() if parent.grad is None else parent.grad + input_grad
            elif parent in gradients:
                gradients[parent] = gradients[parent] + input_grad
            else:
                gradients[parent] = input_grad
        if not retain_graph:
            operation.rule, operation.inputs = None, ()
