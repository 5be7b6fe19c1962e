"""The source of a function, class or constant, found by name. Files are parsed and nothing is imported.

minigrad.ops.arithmetic.mul                        a function of a module
minigrad.ops.arithmetic.mul.mul_backward           a function inside of it
minigrad.tensor.Tensor.backward                    a method
minigrad.kernels.attention.cpu.BLOCK               a constant
minigrad/kernels/layernorm/cuda.cu: sum_over_row   a function of a CUDA file
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

from minigrad.files import read_text

PACKAGES = ("minigrad", "models", "tokenizer", "experiments", "lectures")


class UnknownNameError(ValueError):
    """A name that none or several of our definitions have."""


@dataclass(frozen=True)
class Definition:
    """A function, class or constant in a file, and its docstring if it has one."""

    name: str
    node: ast.stmt
    docstring: ast.stmt | None


def source(name: str, project: Path, *, docstring: bool = True) -> str:
    """The source of a definition, as text that begins at the left margin and ends with a line break.

    Args:
        name: as above.
        project: the folder that holds the packages.
        docstring: whether its docstring is part of it; of a CUDA function, the comment above it.

    Raises:
        UnknownNameError: if there is no such definition (says which names are similar), or more than one.
    """
    if ":" in name:
        file, function = (part.strip() for part in name.split(":", 1))
        return _cuda_source(file, function, project, docstring)
    path, definition = find(name, project)
    lines = read_text(path).split("\n")
    decorators = getattr(definition.node, "decorator_list", [])
    wanted = range(min(node.lineno for node in (*decorators, definition.node)), _end(definition.node) + 1)
    said = range(0)
    if definition.docstring is not None:
        said = range(definition.docstring.lineno, _end(definition.docstring) + 1)
        if docstring:  # that of a constant comes after it
            wanted = range(wanted.start, max(wanted.stop, said.stop))
        elif not lines[said.stop - 1].strip():
            said = range(said.start, said.stop + 1)  # the empty line below it as well
    kept = [lines[number - 1] for number in wanted if docstring or number not in said]
    return dedent("\n".join(kept)) + "\n"


def find(name: str, project: Path) -> tuple[Path, Definition]:
    """The file and the definition that a dotted name means.

    Raises:
        UnknownNameError: see `source`.
    """
    path, parts = module_of(name, project)
    scope: ast.AST = _tree(path)
    for part in parts:
        found = [definition for definition in definitions(scope) if definition.name == part]
        if not found:
            raise _unknown(name, project)
        if len(found) > 1:
            lines = ", ".join(str(definition.node.lineno) for definition in found)
            raise UnknownNameError(f"{name} is defined more than once, in lines {lines} of {path.relative_to(project)}")
        scope = found[0].node
    return path, found[0]


def module_of(name: str, project: Path) -> tuple[Path, list[str]]:
    """The file of the module that a dotted name begins with, and the parts of the name that follow.

    Raises:
        UnknownNameError: if there is none.
    """
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        path = module_file(parts[:length], project)
        if path is not None:
            return path, parts[length:]
    raise _unknown(name, project)


def module_file(parts: list[str], project: Path) -> Path | None:
    """The file of a module of ours; None if there is none."""
    if parts[0] not in PACKAGES:
        return None
    path = project.joinpath(*parts)
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def definitions(scope: ast.AST) -> Iterator[Definition]:
    """What a module, class or function defines itself, also under an `if` or in a `with`.

    Assignments count in modules and classes. Those of a function are its variables.
    """
    has_constants = not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef)
    for statement, following in pairwise([*_statements(scope), None]):
        assert statement is not None  # only the last one is
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = statement.body[0]
            # A docstring that is all there is stays: without it no body would be left.
            yield Definition(statement.name, statement, first if _is_text(first) and len(statement.body) > 1 else None)
        elif has_constants and isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            docstring = following if following is not None and _is_text(following) else None
            for node in (node for target in targets for node in ast.walk(target)):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield Definition(node.id, statement, docstring)


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a scope in order; those inside of a compound statement follow it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        is_scope = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case) and not is_scope:
            yield from _statements(child)


def _is_text(statement: ast.stmt) -> bool:
    is_constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_constant and isinstance(statement.value.value, str)  # type: ignore[attr-defined]


def _end(node: ast.stmt) -> int:
    assert node.end_lineno is not None  # the parser sets it
    return node.end_lineno


@cache
def _parsed(path: Path, modified: int) -> ast.Module:
    return ast.parse(read_text(path), filename=str(path))


def _tree(path: Path) -> ast.Module:
    return _parsed(path, path.stat().st_mtime_ns)


# -- names that are not there -----------------------------------------------------------------------


def _unknown(name: str, project: Path) -> UnknownNameError:
    near = nearest(name, all_names(project))
    return UnknownNameError(f"there is no {name}" + (f"; did you mean {' or '.join(near)}?" if near else ""))


def nearest(name: str, names: list[str]) -> list[str]:
    """At most three similar names. Those that end in the same word come first: the object may have moved."""
    close = difflib.get_close_matches(name, names, n=3)
    moved = [other for other in names if other.split(".")[-1] == name.split(".")[-1]]
    return list(dict.fromkeys([*difflib.get_close_matches(name, moved, n=3, cutoff=0.0), *close]))[:3]


def all_names(project: Path) -> list[str]:
    """The dotted name of every definition in our packages, those inside of functions and classes as well."""
    names = []
    for path in (path for package in PACKAGES for path in sorted((project / package).rglob("*.py"))):
        module = ".".join(path.relative_to(project).with_suffix("").parts).removesuffix(".__init__")
        scopes: list[tuple[str, ast.AST]] = [(module, _tree(path))]
        while scopes:
            above, scope = scopes.pop()
            for definition in definitions(scope):
                names.append(f"{above}.{definition.name}")
                if not isinstance(definition.node, ast.Assign | ast.AnnAssign):
                    scopes.append((names[-1], definition.node))
    return list(dict.fromkeys(names))


# -- CUDA -------------------------------------------------------------------------------------------


def _cuda_source(file: str, name: str, project: Path, docstring: bool) -> str:
    """A function of a .cu file: from the comment and the `template` line above it to its closing brace."""
    path = project / file
    if not path.is_file():
        raise UnknownNameError(f"there is no {file}")
    text = read_text(path)
    first, last = cuda_lines(text, name, file)
    lines = text.split("\n")
    while docstring and lines[first - 1].startswith(("template", "//")):
        first -= 1
    return "\n".join(lines[first:last]) + "\n"


def cuda_lines(text: str, name: str, file: str) -> tuple[int, int]:
    """The lines of a function in the text of a .cu file, from its `template` line to its closing brace: [first, last).

    Raises:
        UnknownNameError: if there is no such function (says which names are similar), or more than one.
    """
    lines = text.split("\n")
    functions = [_function_of(line) for line in lines]  # one a line, mostly ""
    if functions.count(name) != 1:
        near = difflib.get_close_matches(name, set(functions) - {"", name}, n=3)
        several = f"{name} is defined more than once in {file}"
        missing = f"there is no {name} in {file}" + (f"; did you mean {' or '.join(near)}?" if near else "")
        raise UnknownNameError(several if name in functions else missing)
    first = last = functions.index(name)
    while lines[first - 1].startswith("template"):
        first -= 1
    depth = 0
    while True:  # to the brace that closes the body
        depth += lines[last].count("{") - lines[last].count("}")
        last += 1
        if depth == 0 and "}" in lines[last - 1]:
            return first, last


def _function_of(line: str) -> str:
    """The function whose definition begins in this line, at the left margin; "" if none does."""
    if line.startswith((" ", "/", "#")) or line.endswith(";"):
        return ""
    head = re.sub(r"__launch_bounds__\([^)]*\)", "", line)
    found = re.search(r"__(?:device|global)__.*?\b(\w+)\(", head)
    return found[1] if found else ""
