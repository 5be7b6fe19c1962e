"""Blocks of a page that record a debugger session: they are replayed, and compared with what pdb says today.

    <!-- program: twice.py -->
    ```python
    print(1 + 1)
    ```

    <!-- break: minigrad/tensor.py: input_grads = node.rule(grad) -->
    ```pdb
    $ python -m pdb twice.py
    > twice.py(1)<module>()
    -> print(1 + 1)
    (Pdb) b minigrad/tensor.py:188
    Breakpoint 1 at minigrad/tensor.py:188
    ```

A session begins with the command that starts pdb, and may go on over several ```pdb blocks, with prose between them.
Each `b FILE:LINE` needs a `break` comment above its block, in the same order. The comment gives the file and the text
of the line, or a part of it that occurs once in the file. The command is made from it, so the number follows the text.
A breakpoint that is never reached is an error.

Paths are shortened: those in the project begin there, and a program has its name alone. An address is shown as 0x….
Where output differs from run to run, write … for it. It matches any text, and `refresh` keeps an answer that matches.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lectures.build.markdown import Block, blocks, with_texts
from minigrad.files import read_text, write_text

PROMPT = "(Pdb) "
START = "$ python -m pdb "
ANYTHING = "…"
SECONDS = 120
ENDED = ("The program finished", "The program exited", "Uncaught exception")


class WalkError(ValueError):
    """A session that cannot be replayed."""


@dataclass(frozen=True)
class Exchange:
    """A command and what was answered. The first command of a session is the shell's, `$ python -m pdb …`."""

    command: str
    answer: str


@dataclass(frozen=True)
class Session:
    """One run of pdb: the blocks that record it, and the exchanges in each."""

    blocks: list[Block]
    exchanges: list[list[Exchange]]


def pages(project: Path, names: Iterable[str] = ()) -> list[Path]:
    """The walks with these names (`backward` for `lectures/walks/backward.md`), or all.

    Raises:
        ValueError: if there is no walk of that name (says which there are).
    """
    found = {path.stem: path for path in sorted((project / "lectures" / "walks").glob("*.md"))}
    for name in names:
        if name not in found:
            raise ValueError(f"there is no walk {name!r}, only {', '.join(found)}")
    return [found[name] for name in names] or list(found.values())


def check(path: Path, project: Path) -> list[str]:
    """Replay a page; where pdb says something else, the page, the line and both. Empty if nothing differs."""
    page = read_text(path)
    name = path.relative_to(project).as_posix()
    try:
        replayed = replay(page, project)
    except WalkError as error:
        return [f"{name}, {error}"]
    return [f"{name}, line {block.line}: {_first_difference(block.text, text)}" for block, text in replayed.items()]


def refresh(path: Path, project: Path) -> bool:
    """Replay a page and write what pdb says today; whether that changed the page.

    Raises:
        WalkError: if a session cannot be replayed. The page is left as it was.
    """
    page = read_text(path)
    texts = replay(page, project)
    if texts:
        write_text(path, with_texts(page, texts))
    return bool(texts)


def replay(page: str, project: Path) -> dict[Block, str]:
    """Run every session of a page; the blocks whose text is no longer true, with the true one.

    Raises:
        WalkError: naming the line, if the page is damaged, the text of a breakpoint is not in exactly one line of its
            file, a breakpoint is never reached, or the program ends before the walk does.
    """
    try:
        found = blocks(page)
    except ValueError as error:
        raise WalkError(str(error)) from None
    programs = {name: block.text for block in found for name in block.values("program")}
    texts = {}
    for session in _sessions(found):
        followed = [
            _followed(block, exchanges, programs, project)
            for block, exchanges in zip(session.blocks, session.exchanges, strict=True)
        ]
        said = iter(_run([one for part in followed for one in part], programs, project, session.blocks[0].line))
        for block, exchanges in zip(session.blocks, followed, strict=True):
            kept = [Exchange(one.command, _kept(one.answer, next(said))) for one in exchanges]
            if (text := _transcript(kept)) != block.text:
                texts[block] = text
    return texts


# -- reading a page ---------------------------------------------------------------------------------


def _sessions(found: list[Block]) -> list[Session]:
    sessions: list[Session] = []
    for block in found:
        if block.language != "pdb":
            if block.values("break"):
                raise WalkError(f"line {block.line}: expected a ```pdb block below a `break` comment")
            continue
        if block.text.startswith(START):
            sessions.append(Session([], []))
        elif not sessions:
            raise WalkError(f"line {block.line}: expected the first line of a walk to be {START}PROGRAM")
        sessions[-1].blocks.append(block)
        sessions[-1].exchanges.append(_exchanges(block))
    if not sessions:
        raise WalkError("line 1: expected a ```pdb block in a walk")
    return sessions


def _exchanges(block: Block) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for number, line in enumerate(block.text.splitlines(), start=block.line + 1):
        if line.startswith(PROMPT):
            exchanges.append(Exchange(line.removeprefix(PROMPT), ""))
        elif line.startswith(START):
            if exchanges:
                raise WalkError(f"line {number}: expected a block of its own for another session")
            exchanges.append(Exchange(line, ""))
        elif not exchanges:
            raise WalkError(f"line {number}: expected a command, {PROMPT}…, got {line!r}")
        else:
            last = exchanges[-1]
            exchanges[-1] = Exchange(last.command, f"{last.answer}{line}\n")
    return exchanges


def _transcript(exchanges: list[Exchange]) -> str:
    return "".join(f"{'' if one.command.startswith(START) else PROMPT}{one.command}\n{one.answer}" for one in exchanges)


# -- breakpoints ------------------------------------------------------------------------------------


def _followed(block: Block, exchanges: list[Exchange], programs: dict[str, str], project: Path) -> list[Exchange]:
    """The exchanges of a block, with each breakpoint at the line that its comment describes."""
    wanted = block.values("break")
    followed = []
    for one in exchanges:
        command = one.command
        if place := re.fullmatch(r"((?:b|break|tbreak) )[^\s:]+:\d+(.*)", command):
            if not wanted:
                raise WalkError(f"line {block.line}: expected a comment <!-- break: FILE: TEXT --> for {command!r}")
            file, _, text = (part.strip() for part in wanted.pop(0).partition(":"))
            if file in programs:
                content = programs[file]
            elif (project / file).is_file():
                content = read_text(project / file)
            else:
                raise WalkError(f"line {block.line}: there is no {file}")
            command = f"{place[1]}{file}:{_line_with(text, content, file, block.line)}{place[2]}"
        followed.append(Exchange(command, one.answer))
    if wanted:
        raise WalkError(f"line {block.line}: expected a command `b FILE:LINE` for <!-- break: {wanted[0]} -->")
    return followed


def _line_with(text: str, content: str, file: str, line: int) -> int:
    """The number of the one line of a file that holds a text."""
    numbers = [number for number, found in enumerate(content.splitlines(), start=1) if text in found]
    if len(numbers) != 1:
        where = f"in the lines {', '.join(map(str, numbers))}" if numbers else "in no line"
        raise WalkError(f"line {line}: expected {text!r} in one line of {file}, it is {where}")
    return numbers[0]


def _check_breakpoints(exchanges: list[Exchange], answers: list[str], line: int) -> None:
    """Raise unless each breakpoint was set, and the session stopped there afterwards."""
    for i, (one, answer) in enumerate(zip(exchanges, answers, strict=True)):
        if not re.match(r"(b|break|tbreak) ", one.command):
            continue
        place = re.match(r"Breakpoint \d+ at (.*):(\d+)$", answer, flags=re.MULTILINE)
        if place is None:
            raise WalkError(f"line {line}: {one.command!r} sets no breakpoint, pdb says {answer.strip()!r}")
        if not any(f"> {place[1]}({place[2]})" in later for later in answers[i + 1 :]):
            raise WalkError(f"line {line}: the session never stops at the breakpoint {place[1]}:{place[2]}")


# -- running pdb ------------------------------------------------------------------------------------


def _run(exchanges: list[Exchange], programs: dict[str, str], project: Path, line: int) -> list[str]:
    """What pdb answers to each command, in a folder that holds the programs of the page and nothing else."""
    start, *commands = [one.command for one in exchanges]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()  # on macOS the folder's name is a link
        for program, text in programs.items():
            (folder / program).write_text(text, encoding="utf-8", newline="\n")
        arguments = shlex.split(start.removeprefix(START))
        if not (folder / arguments[0]).exists():
            arguments[0] = str(project / arguments[0])
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pdb", *arguments],
                input="".join(f"{command}\n" for command in [*commands, "q"]),
                cwd=folder, env=_environment(folder, project), capture_output=True, encoding="utf-8", timeout=SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise WalkError(f"line {line}: the session takes more than {SECONDS} seconds") from None
        answers = [_tidy(answer, folder, project) for answer in done.stdout.split(PROMPT)]
    for command, answer in zip([start, *commands], answers, strict=False):
        if ended := next((words for words in ENDED if words in answer), None):
            raise WalkError(
                f"line {line}: {ended!r} at {command!r}; a walk ends before its program does\n{done.stderr}"
            )
    if len(answers) != len(exchanges) + 1:  # the last is for "q"
        raise WalkError(f"line {line}: pdb ended early; it said\n{done.stdout}{done.stderr}")
    _check_breakpoints(exchanges, answers[:-1], line)
    return answers[:-1]


def _environment(folder: Path, project: Path) -> dict[str, str]:
    """That of this process, with our packages in reach, and without colours and the user's own .pdbrc."""
    paths = [str(project), *filter(None, [os.environ.get("PYTHONPATH")])]
    ours = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    return os.environ | ours | {"HOME": str(folder), "USERPROFILE": str(folder)}


def _tidy(answer: str, folder: Path, project: Path) -> str:
    """An answer as a page shows it: short paths, no addresses, no spaces at the end of a line."""
    ours = f"(?:{re.escape(str(folder))}|{re.escape(str(project))})"
    case = re.IGNORECASE if os.name == "nt" else re.NOFLAG  # there pdb writes paths in small letters
    answer = re.sub(rf"{ours}[\\/]([\w\\/.-]+)", lambda path: path[1].replace("\\", "/"), answer, flags=case)
    answer = re.sub(r"\b0x[0-9a-fA-F]{6,}", f"0x{ANYTHING}", answer)
    return "".join(f"{line.rstrip()}\n" for line in answer.rstrip().splitlines())


# -- comparing --------------------------------------------------------------------------------------


def _kept(old: str, new: str) -> str:
    """The old answer if the new one matches it (… matches any text), else the new one."""
    pattern = ".*".join(map(re.escape, old.split(ANYTHING)))
    return old if re.fullmatch(pattern, new, flags=re.DOTALL) else new


def _first_difference(old: str, new: str) -> str:
    ours, theirs = old.splitlines(), new.splitlines()
    i = next((i for i, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    i = min(len(ours), len(theirs)) if i is None else i
    command = next((line for line in reversed(theirs[: i + 1]) if line.startswith((PROMPT, START))), "")
    page, pdb = (lines[i] if i < len(lines) else "nothing more" for lines in (ours, theirs))
    return f"at {command.strip()!r} the page says {page!r}, pdb says {pdb!r}"
