"""The walks for Visual Studio Code, which all come from the pages in `lectures/walks/`:

.vscode/launch.json             a configuration for each walk, with its environment variables
lectures/walks/programs/*.py    the programs, which the configurations start
`<!-- stops -->` in a walk      its breakpoints, which Visual Studio Code keeps nowhere in a project
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.evidence.errors import ExperimentError
from experiments.evidence.markers import with_content
from lectures.build.debuggers import WalkError
from lectures.build.sessions import Session, Stop, parsed, programs_of, sessions, stops
from minigrad.files import read_text, write_text

WORKSPACE = "${workspaceFolder}"
PROGRAMS = "lectures/walks/programs"


@dataclass(frozen=True)
class Walk:
    """A page of `lectures/walks/`, as far as another debugger needs it.

    Attributes:
        name: that of the page, without its ending.
        session: its first session.
        program: the name of the program that the session starts.
        programs: the text of each program of the page, by its name.
        stops: where the session stops.
    """

    name: str
    session: Session
    program: str
    programs: dict[str, str]
    stops: list[Stop]


def walks(project: Path) -> list[Walk]:
    """Every walk.

    Raises:
        WalkError: naming page and line, if a page is damaged, or the program that it starts is not on it.
    """
    return [_walk(path, project) for path in _pages(project)]


def check(project: Path) -> list[str]:
    """The files that differ from the pages. Empty if none does."""
    texts, problems = _texts(project)
    named = [path.relative_to(project).as_posix() for path in _outdated(texts)]
    return problems + [f"{name} differs from the walks" for name in named]


def refresh(project: Path) -> tuple[list[Path], list[str]]:
    """Write the files that differ; which they are, and what is wrong with the pages."""
    texts, problems = _texts(project)
    outdated = _outdated(texts)
    for path in outdated:
        write_text(path, texts[path])
    return outdated, problems


def _texts(project: Path) -> tuple[dict[Path, str], list[str]]:
    """What each file should hold, and what is wrong. Nothing, if a page is damaged."""
    try:
        every = walks(project)
        texts = {page: _page(page, walk, project) for page, walk in zip(_pages(project), every, strict=True)}
    except (WalkError, ExperimentError) as error:
        return {}, [str(error)]
    programs = {project / PROGRAMS / name: text for walk in every for name, text in walk.programs.items()}
    if len(programs) < sum(len(walk.programs) for walk in every):
        return {}, ["lectures/walks: two programs have the same name"]
    left = [path for path in sorted((project / PROGRAMS).glob("*.py")) if path not in programs]
    if every:
        texts[project / ".vscode" / "launch.json"] = _launch(every)
    return texts | programs, [f"{path.relative_to(project).as_posix()}: no walk has this program" for path in left]


def _outdated(texts: dict[Path, str]) -> list[Path]:
    return [path for path, text in texts.items() if not path.is_file() or read_text(path) != text]


# -- a walk -----------------------------------------------------------------------------------------


def _pages(project: Path) -> list[Path]:
    return sorted((project / "lectures" / "walks").glob("*.md"))


def _walk(path: Path, project: Path) -> Walk:
    name = path.relative_to(project).as_posix()
    try:
        found = parsed(read_text(path))
        session, *_ = sessions(found)
        programs = programs_of(found)
        program = session.start.arguments[0]
        if program not in programs:
            raise WalkError(f"line {session.blocks[0].line}: expected {program} to be a program of the page")
        return Walk(path.stem, session, program, programs, stops(session, programs, project))
    except WalkError as error:
        raise WalkError(f"{name}, {error}") from None


def _page(path: Path, walk: Walk, project: Path) -> str:
    """The page with its list of breakpoints."""
    name = path.relative_to(project).as_posix()
    return with_content(read_text(path), name, "stops", "\n".join([_introduction(walk), "", *_list(walk, project)]))


def _introduction(walk: Walk) -> str:
    assigned = [f"`{name}={value}`" for name, value in walk.session.start.environment.items()]
    settings = f", with {' and '.join(assigned)}" if assigned else ""
    return (
        f"`walk: {walk.name}` under *Run and Debug* starts the program"
        f" ([`programs/{walk.program}`](programs/{walk.program})){settings}. Set these breakpoints first:"
    )


def _list(walk: Walk, project: Path) -> list[str]:
    lines = []
    for stop in walk.stops:
        file = f"{PROGRAMS}/{stop.file}" if stop.file in walk.programs else stop.file
        text = walk.programs.get(stop.file) or read_text(project / file)
        code = text.splitlines()[stop.line - 1].strip()
        code = f"`` {code} ``" if "`" in code else f"`{code}`"
        condition = f", if `{stop.condition}`" if stop.condition else ""
        lines.append(f"- [`{file}`](../../{file}), line {stop.line}{condition}: {code}")
    return lines


# -- launch.json ------------------------------------------------------------------------------------


def _launch(every: list[Walk]) -> str:
    configurations = [
        _for_python(walk) if walk.session.debugger.language == "pdb" else _for_cpp(walk) for walk in every
    ]
    return json.dumps({"version": "0.2.0", "configurations": configurations}, indent=4) + "\n"


def _for_python(walk: Walk) -> dict[str, Any]:
    """A configuration for the extension "Python Debugger". By default it skips code that is installed, such as ours."""
    return {
        "name": f"walk: {walk.name}",
        "type": "debugpy",
        "request": "launch",
        "program": f"{WORKSPACE}/{PROGRAMS}/{walk.program}",
        "cwd": WORKSPACE,
        "env": {"PYTHONPATH": WORKSPACE} | walk.session.start.environment,
        "justMyCode": False,
    }


def _for_cpp(walk: Walk) -> dict[str, Any]:
    """A configuration for the extension "C/C++", which starts Python in gdb."""
    environment = {"PYTHONPATH": WORKSPACE} | walk.session.start.environment
    return {
        "name": f"walk: {walk.name}",
        "type": "cppdbg",
        "request": "launch",
        "program": "${command:python.interpreterPath}",
        "args": [f"{WORKSPACE}/{PROGRAMS}/{walk.program}"],
        "cwd": WORKSPACE,
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
        "MIMode": "gdb",
    }
