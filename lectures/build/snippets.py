"""Blocks of a page that quote the code: what they hold is a copy, made from the source and compared with it.

    <!-- code: minigrad.tape.topological_order, without docstring -->

`sources.py` says which names there are. The copy is in the page, so that a code host shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from lectures.build.markdown import Block, blocks, with_texts
from lectures.build.sources import UnknownNameError, source
from minigrad.files import read_text, write_text

WITHOUT_DOCSTRING = ", without docstring"


def pages(project: Path) -> list[Path]:
    """Every page of the course."""
    return sorted((project / "lectures").rglob("*.md"))


def check(project: Path) -> list[str]:
    """What is wrong with the blocks that quote code: page, line, name, and how it differs. Empty if nothing is."""
    return [problem for path in pages(project) for problem in _compared(path, project)[1]]


def refresh(project: Path) -> tuple[list[Path], list[str]]:
    """Write the source of today into each block; the pages that changed, and what could not be found."""
    changed, wrong = [], []
    for path in pages(project):
        texts, problems = _compared(path, project)
        if texts:
            write_text(path, with_texts(read_text(path), texts))
            changed.append(path)
            problems = _compared(path, project)[1]
        wrong += problems
    return changed, wrong


def _compared(path: Path, project: Path) -> tuple[dict[Block, str], list[str]]:
    """The blocks of a page that differ from their source, with the source; and everything that is wrong."""
    name = path.relative_to(project).as_posix()
    texts: dict[Block, str] = {}
    problems = []
    try:
        for block, quoted in _quotes(read_text(path)):
            place = f"{name}, line {block.line}: {quoted}"
            try:
                text = quote(quoted, project)
            except UnknownNameError as error:
                problems.append(f"{place}: {error}")
                continue
            if text != block.text:
                texts[block] = text
                problems.append(f"{place} differs from its source: {_first_difference(block.text, text)}")
    except ValueError as error:  # the Markdown is damaged
        problems.append(f"{name}, {error}")
    return texts, problems


def _quotes(page: str) -> Iterator[tuple[Block, str]]:
    for block in blocks(page):
        names = block.values("code")
        if len(names) > 1:
            raise ValueError(f"line {block.line}: expected one `code` comment above a block, got {len(names)}")
        if names:
            yield block, names[0]


def quote(quoted: str, project: Path) -> str:
    """The source that a `code` comment asks for.

    Raises:
        UnknownNameError: if the name is not that of one definition.
    """
    name = quoted.removesuffix(WITHOUT_DOCSTRING)
    return source(name, project, docstring=name == quoted)


def _first_difference(old: str, new: str) -> str:
    pairs = zip_longest(old.splitlines(), new.splitlines(), fillvalue="no further line")
    ours, theirs = next((ours, theirs) for ours, theirs in pairs if ours != theirs)
    return f"the page has {ours.strip()!r}, the source {theirs.strip()!r}"
