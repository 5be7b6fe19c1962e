"""Exercise 1.2: the order in which the rules run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lectures.grading.exercise import Case, Exercise, Mistake, Stub

Graph = list[tuple[str, list[str]]]
RIGHT = "each node once, after all nodes that use it"


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Small graphs by name, a random one, a chain of doublings, and a long chain."""
    for group, shows, graph in [
        ("chains", "b = 2 · a, c = 2 · b, and the root is c", [("b", []), ("c", ["b"])]),
        ("chains", "b = a + a; c = b + b", [("b", []), ("c", ["b", "b"])]),
        ("chains", "a sum of two nodes", [("a", []), ("b", []), ("c", ["a", "b"])]),
        ("diamonds", "c = b²; e = 3 · b; f = c · e, but e is computed before c", DIAMOND),
        ("diamonds", "f = b · e, where e uses b too", [("b", []), ("c", ["b"]), ("e", ["c"]), ("f", ["b", "e"])]),
        ("diamonds", "a random graph of 12 nodes", random_graph(generator, 12)),
    ]:  # fmt: skip
        yield Case(group, shows, "order", (graph,), RIGHT, judge=judge(graph))
    yield Case("large graphs", "a chain of 24 doublings, b = a + a", "count_looks", (24,), 24, seconds=5)
    yield Case("large graphs", "a chain of 5,000 operations", "length_of_chain", (5000,), 5000, seconds=5)


DIAMOND: Graph = [("b", []), ("e", ["b"]), ("c", ["b"]), ("f", ["c", "e"])]


def random_graph(generator: np.random.Generator, n: int) -> Graph:
    """Nodes that use one to three earlier ones; the last one is the root."""
    graph: Graph = [("n0", [])]
    for i in range(1, n):
        used = generator.choice(i, size=min(i, int(generator.integers(1, 4))), replace=False)
        graph.append((f"n{i}", [f"n{j}" for j in used]))
    return graph


def judge(graph: Graph) -> Any:
    """A function that says what is wrong with an order of names."""
    uses = dict(graph)
    root = graph[-1][0]

    def verdict(order: list[str]) -> str:
        below, stack = set(), [root]
        while stack:
            name = stack.pop()
            if name not in below:
                below.add(name)
                stack += uses[name]
        if len(order) != len(set(order)):
            return f"a node comes more than once: {', '.join(order)}"
        if root not in order:
            return f"the root {root} is missing: {', '.join(order)}"
        if set(order) != below:
            return f"missing: {', '.join(sorted(below - set(order)))}"
        for name in order:
            for user in below:
                if name in uses[user] and order.index(user) > order.index(name):
                    return f"{name} comes before {user}, which uses it: {', '.join(order)}"
        return RIGHT

    return verdict


_SEARCH = """    found, stack = {root}, [root]
    while stack:
        for parent in stack.pop().parents:
            if type(parent) is Node and parent not in found:
                found.add(parent)
                stack.append(parent)
"""
_SORTED = 'return sorted(found, key=attrgetter("time"), reverse=True)'

TOPOLOGICAL_ORDER = Exercise(
    number="1.2",
    title="the order of the rules",
    points=20,
    minutes=75,
    stubs=(Stub("minigrad.tape.topological_order"),),
    cases=cases,
    mistakes=(
        Mistake(
            name="oldest first",
            old="reverse=True",
            new="reverse=False",
            symptom="the oldest node comes first, although the walk goes from the root back",
        ),
        Mistake(
            name="order of discovery",
            old=_SORTED,
            new="order = [root]\n    for node in order:\n"
            "        order += [p for p in dict.fromkeys(node.parents) if type(p) is Node and p not in order]\n"
            "    return order",
            symptom="nodes come in the order in which the search finds them, before some node that uses them",
        ),
        Mistake(
            name="depth first",
            old=_SEARCH + "    " + _SORTED,
            new="    order, stack = [], [root]\n    while stack:\n        node = stack.pop()\n"
            "        if node not in order:\n            order.append(node)\n"
            "            stack += [p for p in node.parents if type(p) is Node]\n    return order",
            symptom="a branch is followed to its end before the next one, so a shared node comes too early",
        ),
        Mistake(
            name="visits twice",
            old=" and parent not in found",
            new="",
            symptom="a node is searched once for each path to it; in a chain of n doublings there are 2ⁿ paths",
        ),
        Mistake(
            name="recursion",
            old=_SEARCH,
            new="    found = set()\n\n    def visit(node):\n        found.add(node)\n"
            "        for parent in node.parents:\n            if type(parent) is Node and parent not in found:\n"
            "                visit(parent)\n\n    visit(root)\n",
            symptom="a recursion overflows Python's stack in a long chain",
        ),
        Mistake(
            name="first parent only",
            old="in stack.pop().parents:",
            new="in list(stack.pop().parents)[:1]:",
            symptom="nodes that are reached through a second input are not found",
        ),
        Mistake(
            name="forgets the root",
            old="found, stack = {root}, [root]",
            new="found, stack = set(), [root]",
            symptom="the root itself is missing",
        ),
    ),
    page="machine/1-tape.md",
    walk="lectures/walks/backward.md",
)
