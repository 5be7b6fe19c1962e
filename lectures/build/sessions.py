"""Debugger sessions as a page records them: programs, commands with their answers, and the lines of breakpoints.

`walking.py` describes the format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lectures.build.debuggers import DEBUGGERS, Debugger, Start, WalkError
from lectures.build.markdown import Block, blocks
from minigrad.files import read_text

BREAKPOINT = re.compile(r"((?:b|break|tbreak|dprintf) )[^\s:]+:\d+(.*)")


@dataclass(frozen=True)
class Exchange:
    """A command and what was answered. The first command of a session is the shell's, `$ python -m pdb …`."""

    command: str
    answer: str


@dataclass(frozen=True)
class Session:
    """One run of a debugger: how it starts, the blocks that record it, and the exchanges in each."""

    debugger: Debugger
    start: Start
    blocks: list[Block]
    exchanges: list[list[Exchange]]


@dataclass(frozen=True)
class Stop:
    """A breakpoint of a session: a line of a file of the project, or of a program of the page.

    Attributes:
        file: from the project's folder, or the name of the program.
        line: its number, from 1.
        condition: an expression of the program's language; empty if there is none.
    """

    file: str
    line: int
    condition: str


def parsed(page: str) -> list[Block]:
    """The blocks of a page.

    Raises:
        WalkError: naming the line, if the page is damaged.
    """
    try:
        return blocks(page)
    except ValueError as error:
        raise WalkError(str(error)) from None


def programs_of(found: list[Block]) -> dict[str, str]:
    """The programs among the blocks of a page: the text of each, by its name."""
    return {name: block.text for block in found for name in block.values("program")}


def sessions(found: list[Block]) -> list[Session]:
    """The sessions among the blocks of a page.

    Raises:
        WalkError: naming the line, if there is none, or one is damaged.
    """
    languages = {debugger.language: debugger for debugger in DEBUGGERS}
    result: list[Session] = []
    for block in found:
        debugger = languages.get(block.language)
        if debugger is None:
            if block.values("break"):
                raise WalkError(f"line {block.line}: expected a ```pdb or ```gdb block below a `break` comment")
            continue
        if start := debugger.start(block.text.split("\n")[0]):
            result.append(Session(debugger, start, [], []))
        elif not result or result[-1].debugger is not debugger:
            raise WalkError(f"line {block.line}: expected the first line of a walk to be $ {debugger.command} PROGRAM")
        result[-1].blocks.append(block)
        result[-1].exchanges.append(_exchanges(block, debugger))
    if not result:
        raise WalkError("line 1: expected a ```pdb or ```gdb block in a walk")
    return result


def transcript(exchanges: list[Exchange], debugger: Debugger) -> str:
    """The text of a block with these exchanges."""
    return "".join(
        f"{'' if debugger.start(one.command) else debugger.prompt}{one.command}\n{one.answer}" for one in exchanges
    )


# -- breakpoints ------------------------------------------------------------------------------------


def followed(block: Block, exchanges: list[Exchange], programs: dict[str, str], project: Path) -> list[Exchange]:
    """The exchanges of a block, with each breakpoint at the line that its comment describes.

    Raises:
        WalkError: unless there is a comment for each breakpoint, whose text is in exactly one line of its file.
    """
    wanted = block.values("break")
    result = []
    for one in exchanges:
        command = one.command
        if place := BREAKPOINT.fullmatch(command):
            if not wanted:
                raise WalkError(f"line {block.line}: expected a comment <!-- break: FILE: TEXT --> for {command!r}")
            file, number = _place_of(wanted.pop(0), block.line, programs, project)
            command = f"{place[1]}{file}:{number}{place[2]}"
        result.append(Exchange(command, one.answer))
    if wanted:
        raise WalkError(f"line {block.line}: expected a command `b FILE:LINE` for <!-- break: {wanted[0]} -->")
    return result


def stops(session: Session, programs: dict[str, str], project: Path) -> list[Stop]:
    """The lines where a session stops, each once, in the order in which their breakpoints are set.

    Raises:
        WalkError: as for `followed`.
    """
    condition = re.escape(session.debugger.condition)
    found = []
    for block, exchanges in zip(session.blocks, session.exchanges, strict=True):
        for one in followed(block, exchanges, programs, project):
            if place := re.fullmatch(rf"(?:b|break|tbreak) ([^\s:]+):(\d+)(?:{condition}(.*))?", one.command):
                found.append(Stop(place[1], int(place[2]), place[3] or ""))
    return list(dict.fromkeys(found))


def _place_of(comment: str, line: int, programs: dict[str, str], project: Path) -> tuple[str, int]:
    """The file and the number of the line that a `break` comment above the block in `line` of a page describes."""
    file, _, text = (part.strip() for part in comment.partition(":"))
    if file in programs:
        return file, _line_with(text, programs[file], file, line)
    if not (project / file).is_file():
        raise WalkError(f"line {line}: there is no {file}")
    return file, _line_with(text, read_text(project / file), file, line)


def _line_with(text: str, content: str, file: str, line: int) -> int:
    """The number of the one line of a file that holds a text."""
    numbers = [number for number, found in enumerate(content.splitlines(), start=1) if text in found]
    if len(numbers) != 1:
        where = f"in the lines {', '.join(map(str, numbers))}" if numbers else "in no line"
        raise WalkError(f"line {line}: expected {text!r} in one line of {file}, it is {where}")
    return numbers[0]


def _exchanges(block: Block, debugger: Debugger) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for number, line in enumerate(block.text.splitlines(), start=block.line + 1):
        if line.startswith(debugger.prompt):
            exchanges.append(Exchange(line.removeprefix(debugger.prompt), ""))
        elif debugger.start(line):
            if exchanges:
                raise WalkError(f"line {number}: expected a block of its own for another session")
            exchanges.append(Exchange(line, ""))
        elif not exchanges:
            raise WalkError(f"line {number}: expected a command, {debugger.prompt}…, got {line!r}")
        else:
            last = exchanges[-1]
            exchanges[-1] = Exchange(last.command, f"{last.answer}{line}\n")
    return exchanges
