"""The statements of a file: Python reports lines, and one statement may have several."""

from __future__ import annotations

import ast

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_WITH_BODIES = (ast.stmt, ast.ExceptHandler, ast.match_case)


class Statements:
    """Which lines belong together. A compound statement, such as `for`, counts up to the line above its body.

    Attributes:
        first: for each further line of a statement of several lines, the first.
        last: for the first line of such a statement, the last.
        revisited: the first lines of the statements that Python reports several times in one execution: those of
            several lines, and those with a comprehension.
    """

    def __init__(self, source: str) -> None:
        self.first: dict[int, int] = {}
        self.last: dict[int, int] = {}
        self.revisited: set[int] = set()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.ClassDef):
                self._add(node)

    def _add(self, statement: ast.stmt) -> None:
        heads = [child for child in ast.iter_child_nodes(statement) if not isinstance(child, _WITH_BODIES)]
        parts = [part for head in heads for part in ast.walk(head)]
        first = statement.lineno
        has_body = hasattr(statement, "body")
        last = max((getattr(part, "end_lineno", 0) for part in parts), default=first)
        last = last if has_body else statement.end_lineno or first  # a closing bracket is no part of an expression
        if last > first:
            self.last[first] = last
            self.first |= dict.fromkeys(range(first + 1, last + 1), first)
        if last > first or any(isinstance(part, _COMPREHENSIONS) for part in parts):
            self.revisited.add(first)
