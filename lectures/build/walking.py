"""Blocks of a page that record a debugger session: they are replayed, and compared with what the debugger says today.

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

Environment variables for the session come before the command, as in a POSIX shell:

    $ NUMBA_DISABLE_JIT=1 python -m pdb compiled.py

Kernels in C++ have sessions of gdb, in ```gdb blocks. They begin with `$ gdb --args python PROGRAM`, a command has the
prompt `(gdb)`, and `dprintf FILE:LINE,…` counts as a breakpoint, too. What gdb says when it starts is left out, and so
are its lines about threads and the like. The answers include what it writes to stderr.

Paths are shortened: those in the project begin there, and a program has its name alone. An address is shown as 0x….
Where output differs from run to run, write … for it. It matches any text, and `refresh` keeps an answer that matches.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lectures.build.debuggers import ANYTHING, DEBUGGERS, WalkError
from lectures.build.markdown import Block, with_texts
from lectures.build.sessions import Exchange, Session, followed, parsed, programs_of, sessions, transcript
from minigrad.files import read_text, write_text

PROMPTS = ("$ ", *(debugger.prompt for debugger in DEBUGGERS))


def pages(project: Path, names: Iterable[str] = ()) -> list[Path]:
    """The pages with sessions that have these names (`backward` for `lectures/walks/backward.md`), or all of them.

    Raises:
        ValueError: if there is no such page (says which there are).
    """
    every = sorted((project / "lectures").rglob("*.md"))
    found = {path.stem: path for path in every if path.parent.name == "walks" or _has_session(read_text(path))}
    for name in names:
        if name not in found:
            raise ValueError(f"there is no walk {name!r}, only {', '.join(found)}")
    return [found[name] for name in names] or list(found.values())


def check(path: Path, project: Path) -> list[str]:
    """Replay a page; where the debugger says something else, the page, the line and both. Empty if nothing differs.

    Raises:
        MissingDebuggerError: if this machine lacks what a session needs.
    """
    page = read_text(path)
    name = path.relative_to(project).as_posix()
    try:
        replayed = replay(page, project)
    except WalkError as error:
        return [f"{name}, {error}"]
    return [f"{name}, line {block.line}: {_first_difference(block, text)}" for block, text in replayed.items()]


def refresh(path: Path, project: Path) -> bool:
    """Replay a page and write what the debugger says today; whether that changed the page.

    Raises:
        WalkError: if a session cannot be replayed. The page is left as it was.
        MissingDebuggerError: if this machine lacks what a session needs.
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
        MissingDebuggerError: if this machine lacks what a session needs.
    """
    found = parsed(page)
    programs = programs_of(found)
    texts = {}
    for session in sessions(found):
        typed = [
            followed(block, exchanges, programs, project)
            for block, exchanges in zip(session.blocks, session.exchanges, strict=True)
        ]
        said = iter(_run(session, [one.command for part in typed for one in part], programs, project))
        for block, exchanges in zip(session.blocks, typed, strict=True):
            kept = [Exchange(one.command, _kept(one.answer, next(said))) for one in exchanges]
            if (text := transcript(kept, session.debugger)) != block.text:
                texts[block] = text
    return texts


def _has_session(page: str) -> bool:
    return any(f"```{debugger.language}\n" in page for debugger in DEBUGGERS)


# -- running ----------------------------------------------------------------------------------------


def _run(session: Session, commands: list[str], programs: dict[str, str], project: Path) -> list[str]:
    """What is answered to each command, in a folder that holds the programs of the page and nothing else."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()  # on macOS the folder's name is a link
        for program, text in programs.items():
            (folder / program).write_text(text, encoding="utf-8", newline="\n")
        try:
            return session.debugger.answers(session.start, commands[1:], folder, project)
        except WalkError as error:
            raise WalkError(f"line {session.blocks[0].line}: {error}") from None


# -- comparing --------------------------------------------------------------------------------------


def _kept(old: str, new: str) -> str:
    """The old answer if the new one matches it (… matches any text), else the new one."""
    pattern = ".*".join(map(re.escape, old.split(ANYTHING)))
    return old if re.fullmatch(pattern, new, flags=re.DOTALL) else new


def _first_difference(block: Block, new: str) -> str:
    ours, theirs = block.text.splitlines(), new.splitlines()
    i = next((i for i, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    i = min(len(ours), len(theirs)) if i is None else i
    command = next((line for line in reversed(theirs[: i + 1]) if line.startswith(PROMPTS)), "")
    page, debugger = (lines[i] if i < len(lines) else "nothing more" for lines in (ours, theirs))
    return f"at {command.strip()!r} the page says {page!r}, {block.language} says {debugger!r}"
