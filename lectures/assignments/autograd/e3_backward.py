"""Exercise 1.3: the backward pass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub

# A program: (name, operation, names of its inputs). "leaf" makes a leaf; the last line is the root.
Program = list[tuple[str, str, list[str]]]

USED_TWICE: Program = [("a", "leaf", []), ("b", "double", ["a"]), ("c", "multiply", ["b", "b"])]
SUMS: Program = [
    ("x", "leaf", []), ("y", "leaf", []), ("a", "double", ["x"]), ("b", "double", ["y"]),
    ("c", "add", ["a", "b"]), ("d", "multiply", ["a", "c"]), ("e", "add", ["d", "b"]),
]  # fmt: skip
TWO_LEAVES: Program = [("x", "leaf", []), ("y", "leaf", []), ("z", "add", ["x", "y"])]


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Values used twice, sums whose rule returns one array for both inputs, two passes, a freed graph."""
    for shows, program in [("c = b · b with b = 2 · a", USED_TWICE), ("sums and products", SUMS)]:
        values, first = inputs(program, generator), generator.standard_normal(3)
        for times in (1, 2):
            expected = {name: times * grad for name, grad in gradients(program, values, first).items()}
            repeated = f"{shows}; the forward and backward pass {'once' if times == 1 else 'twice'}"
            group = "one pass" if times == 1 else "two passes"
            yield Case(group, repeated, "gradients", (program, values, first, times), expected)
    values, first = inputs(SUMS, generator), generator.standard_normal(3)
    twice = {name: 2 * grad for name, grad in gradients(SUMS, values, first).items()}
    yield Case("two passes", "twice through one graph, with retain_graph", "retained", (SUMS, values, first), twice)
    arguments = (TWO_LEAVES, inputs(TWO_LEAVES, generator), generator.standard_normal(3))
    yield Case("memory", "z = x + y: who holds the gradients of x and y", "sharing", arguments, "nobody else")
    yield Case("memory", "after a pass, every rule and the inputs are released", "freed", arguments, "freed")
    yield Case(
        "memory", "a second pass through a freed graph", "second_pass", arguments, "RuntimeError, gradients kept"
    )


def inputs(program: Program, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """A value of three numbers for each leaf."""
    return {name: generator.standard_normal(3) for name, operation, _ in program if operation == "leaf"}


def value(program: Program, values: dict[str, np.ndarray]) -> np.ndarray:
    """The value of the root."""
    known = dict(values)
    for name, operation, used in program:
        arguments = [known[one] for one in used]
        if operation == "double":
            known[name] = 2 * arguments[0]
        elif operation == "add":
            known[name] = arguments[0] + arguments[1]
        elif operation == "multiply":
            known[name] = arguments[0] * arguments[1]
    return known[program[-1][0]]


def gradients(program: Program, values: dict[str, np.ndarray], first: np.ndarray) -> dict[str, np.ndarray]:
    """By central differences. All programs are polynomials of degree 2, for which these are exact."""
    found = {}
    for name, array in values.items():
        found[name] = np.zeros(3)
        for i in range(3):
            step = np.zeros(3)
            step[i] = 0.5
            above, below = ({**values, name: array + sign * step} for sign in (1, -1))
            found[name][i] = float(first @ (value(program, above) - value(program, below)))
    return found


_ADD = "gradients[parent] = gradients[parent] + input_grad"
_LEAF = "parent.grad = input_grad.copy() if parent.grad is None else parent.grad + input_grad"

BACKWARD = Exercise(
    number="1.3",
    title="the backward pass",
    points=25,
    minutes=120,
    stubs=(Stub("lectures.assignments.autograd.solution.backward.backward"),),
    cases=cases,
    mistakes=(
        Mistake(
            name="last gradient kept",
            old=_ADD,
            new="gradients[parent] = input_grad",
            symptom="an operation that is used twice gets the gradient of one use alone",
        ),
        Mistake(
            name="grad overwritten",
            old=_LEAF,
            new="parent.grad = input_grad.copy()",
            symptom="a leaf keeps the gradient that arrived last, and loses those before",
        ),
        Mistake(
            name="added in place",
            old=_ADD,
            new="gradients[parent] += input_grad",
            symptom="a gradient is added into an array that another input holds, which then gets too much",
        ),
        Mistake(
            name="not copied",
            old="input_grad.copy() if",
            new="input_grad if",
            symptom="two leaves hold the same array as their gradient",
        ),
        Mistake(
            name="starts with ones",
            old="{order[0]: first}",
            new="{order[0]: np.ones_like(first)}",
            symptom="the pass starts with ones instead of the gradient that is given",
        ),
        Mistake(
            name="graph kept",
            old="if not retain_graph:",
            new="if False:",
            symptom="the rules and their arrays are kept, so memory grows with every step",
        ),
        Mistake(
            name="retain_graph ignored",
            old="if not retain_graph:",
            new="if True:",
            symptom="the graph is freed in spite of retain_graph=True",
        ),
        Mistake(
            name="freed on the way",
            old="    if any(operation.rule is None for operation in order):\n"
            '        raise RuntimeError("the graph was freed by an earlier backward pass")\n',
            new="",
            symptom="a second pass through a freed graph ends in another error than the RuntimeError that says so",
        ),
    ),
    page="machine/1-tape.md",
    walk="lectures/walks/backward.md",
)
