"""The source of a file with a function emptied, or with a text in a function replaced.

Functions are found by name, so the library has no markers for the course. In Python the docstring stays, and what
follows it becomes `raise NotImplementedError("exercise 1.2 is not written yet")`.
"""

from __future__ import annotations

import ast
from pathlib import Path

from lectures.build.sources import UnknownNameError, cuda_lines, definitions, module_of
from lectures.grading.exercise import Stub


def not_written(number: str) -> str:
    """What a stub says."""
    return f"exercise {number} is not written yet"


def file_of(symbol: str, project: Path) -> tuple[str, str]:
    """The file of a symbol, from the project, and the symbol's name inside it.

    Raises:
        UnknownNameError: if there is no such file.
    """
    if ":" in symbol:
        file, name = (part.strip() for part in symbol.split(":", 1))
        if not (project / file).is_file():
            raise UnknownNameError(f"there is no {file}")
        return file, name
    path, parts = module_of(symbol, project)
    return path.relative_to(project).as_posix(), ".".join(parts)


def emptied(text: str, file: str, name: str, number: str, keep: int = 0) -> str:
    """The text of a file with one function emptied.

    Raises:
        UnknownNameError: if the file has no such function.
    """
    lines = text.split("\n")
    if file.endswith(".cu"):
        first, last = cuda_lines(text, name, file)
        opening = next(line for line in range(first, last) if "{" in lines[line])
        return "\n".join([*lines[: opening + 1], f"    // {not_written(number)}", *lines[last - 1 :]])
    node = _function(text, file, name)
    has_docstring = ast.get_docstring(node, clean=False) is not None
    kept = node.body[: keep + has_docstring]
    first = _end(kept[-1]) if kept else _first_line(node.body[0]) - 1
    raises = " " * node.body[0].col_offset + f'raise NotImplementedError("{not_written(number)}")'
    return "\n".join([*lines[:first], raises, *lines[_end(node) :]])


def body(text: str, file: str, stub: Stub, name: str) -> str:
    """What the handout leaves out of a function."""
    gone = emptied(text, file, name, "0", stub.keep).split("\n")
    lines = text.split("\n")
    # The emptied text has one line where the body was: everything before and after it is equal.
    first = next(i for i, line in enumerate(gone) if not_written("0") in line)
    return "\n".join(lines[first : len(lines) - (len(gone) - first - 1)])


def edited(text: str, file: str, name: str, old: str, new: str) -> str:
    """The text of a file with `old` replaced by `new` in one function or class.

    Raises:
        ValueError: unless `old` occurs there exactly once.
    """
    lines = text.split("\n")
    if file.endswith(".cu"):
        first, last = cuda_lines(text, name, file)
    else:
        node = _definition(text, file, name)
        first, last = _first_line(node) - 1, _end(node)
    part = "\n".join(lines[first:last])
    if part.count(old) != 1:
        raise ValueError(f"expected {old!r} once in {name} of {file}, it occurs {part.count(old)} times")
    return "\n".join([*lines[:first], part.replace(old, new), *lines[last:]])


def _definition(text: str, file: str, name: str) -> ast.stmt:
    scope: ast.AST = ast.parse(text, filename=file)
    for part in name.split("."):
        found = [definition.node for definition in definitions(scope) if definition.name == part]
        if len(found) != 1:
            raise UnknownNameError(f"expected one {name} in {file}, there are {len(found)}")
        scope = found[0]
    assert isinstance(scope, ast.stmt)
    return scope


def _function(text: str, file: str, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    node = _definition(text, file, name)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        raise UnknownNameError(f"expected a function, {name} in {file} is a {type(node).__name__}")
    return node


def _first_line(node: ast.stmt) -> int:
    """The first line of a statement, its decorators included."""
    return min(part.lineno for part in (*getattr(node, "decorator_list", []), node))


def _end(node: ast.stmt) -> int:
    assert node.end_lineno is not None  # the parser sets it
    return node.end_lineno
