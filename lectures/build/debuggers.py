"""The debuggers whose sessions a page can record: pdb, and gdb for kernels that are compiled as C++.

A debugger is started in a folder that holds the programs of the page, and reads all commands from its standard input.
What it prints is split at its prompt into one answer for each command. Paths are shortened and addresses left out.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

ANYTHING = "…"
SECONDS = 120


class WalkError(ValueError):
    """A session that cannot be replayed, because the page or the program is not as expected."""


class MissingDebuggerError(Exception):
    """A session that cannot be replayed on this machine, which lacks a debugger or a compiler."""


@dataclass(frozen=True)
class Start:
    """The first line of a session, `$ NAME=VALUE python -m pdb PROGRAM ARGUMENT …`."""

    environment: dict[str, str]
    arguments: list[str]


class Debugger(ABC):
    """How sessions of a debugger are read and replayed.

    Attributes:
        language: that of the blocks with its sessions.
        prompt: what it prints before each command.
        command: what a reader types in a shell to start it, before the name of the program.
        condition: what comes between a breakpoint and its condition.
    """

    language: str
    prompt: str
    command: str
    condition: str

    def start(self, line: str) -> Start | None:
        """What a line starts; None if it does not start this debugger."""
        found = re.fullmatch(rf"\$ ((?:\w+=\S* )*){re.escape(self.command)} (\S.*)", line)
        if found is None:
            return None
        pairs = (assignment.partition("=") for assignment in shlex.split(found[1]))
        return Start({name: value for name, _, value in pairs}, shlex.split(found[2]))

    @abstractmethod
    def answers(self, start: Start, commands: list[str], folder: Path, project: Path) -> list[str]:
        """What the debugger says when it is started, and to each command.

        Raises:
            WalkError: if a breakpoint cannot be set or is never reached, or the session ends before its commands do.
            MissingDebuggerError: if the debugger cannot run on this machine.
        """


class Pdb(Debugger):
    """Python's own debugger."""

    language = "pdb"
    prompt = "(Pdb) "
    command = "python -m pdb"
    condition = ", "

    ENDED = ("The program finished", "The program exited", "Uncaught exception")

    def answers(self, start: Start, commands: list[str], folder: Path, project: Path) -> list[str]:
        """See `Debugger`. The program must not end: pdb would start it again."""
        command = [sys.executable, "-m", "pdb", *start.arguments]
        place, environment = _place(start.arguments[0], folder, project)
        # The user's own .pdbrc is in the home folder.
        home = {"HOME": str(folder), "USERPROFILE": str(folder)}
        done = _run(command, [*commands, "q"], place, environment | home | start.environment, stderr=subprocess.PIPE)
        answers = [_tidy(answer, folder, project) for answer in done.stdout.split(self.prompt)]
        for typed, answer in zip(["its start", *commands], answers, strict=False):
            if ended := next((words for words in self.ENDED if words in answer), None):
                raise WalkError(f"{ended!r} at {typed!r}; a walk ends before its program does\n{done.stderr}")
        if len(answers) != len(commands) + 2:  # the first is for the start, the last for "q"
            raise WalkError(f"pdb ended early; it said\n{done.stdout}{done.stderr}")
        self._check_breakpoints(commands, answers[1:-1])
        return answers[:-1]

    @staticmethod
    def _check_breakpoints(commands: list[str], answers: list[str]) -> None:
        """Raise unless each breakpoint was set, and the session stopped there afterwards."""
        for i, (command, answer) in enumerate(zip(commands, answers, strict=True)):
            if not re.match(r"(b|break|tbreak) ", command):
                continue
            place = re.match(r"Breakpoint \d+ at (.*):(\d+)$", answer, flags=re.MULTILINE)
            if place is None:
                raise WalkError(f"{command!r} sets no breakpoint, pdb says {answer.strip()!r}")
            if not any(f"> {place[1]}({place[2]})" in later for later in answers[i + 1 :]):
                raise WalkError(f"the session never stops at the breakpoint {place[1]}:{place[2]}")


class Gdb(Debugger):
    """The GNU debugger, for the C++ of a CUDA kernel that `minigrad.cuda_on_host` compiles."""

    language = "gdb"
    prompt = "(gdb) "
    command = "gdb --args python"
    condition = " if "

    SETTINGS = ("set width 0", "set confirm off", "set style enabled off")
    NOISE = re.compile(
        r"\[(New Thread|New process|Thread|Switching to|Detaching after|Attaching after|Inferior) .*\]|"
        r"Starting program: .*|Using host libthread_db .*|Continuing\.|warning: .*|minigrad: compiling .*|"
        r"Download failed: .*|No source file named .*|No symbol table is loaded\..*|\s*"
    )

    def answers(self, start: Start, commands: list[str], folder: Path, project: Path) -> list[str]:
        """See `Debugger`. What gdb says when it starts is left out."""
        if shutil.which("gdb") is None:
            raise MissingDebuggerError("gdb is not installed")
        if sys.platform == "win32":
            raise MissingDebuggerError("CUDA kernels cannot be compiled for the CPU on Windows")
        options = [word for setting in self.SETTINGS for word in ("-iex", setting)]
        command = ["gdb", "-q", "-nx", *options, "--args", sys.executable, *start.arguments]
        place, environment = _place(start.arguments[0], folder, project)
        environment |= {"DEBUGINFOD_URLS": ""} | start.environment
        done = _run(command, [*commands, "info breakpoints", "q"], place, environment, stderr=subprocess.STDOUT)
        if "ptrace" in done.stdout:
            raise MissingDebuggerError("gdb may not run a program on this machine")
        if missing := re.search(r"DeviceError: (.*)", done.stdout):  # there is no compiler
            raise MissingDebuggerError(missing[1])
        _, *answers = done.stdout.split(self.prompt)
        if len(answers) != len(commands) + 2:  # the last two are for "info breakpoints" and "q"
            raise WalkError(f"gdb ended early; it said\n{done.stdout}")
        answers = [self._shown(_tidy(answer, folder, project)) for answer in answers]
        self._check_breakpoints(commands, answers[:-2], answers[-2])
        return ["", *answers[:-2]]

    def _shown(self, answer: str) -> str:
        """An answer without what says nothing about the program, such as the number of its threads.

        Why a breakpoint has to wait for a library depends on whether this Python has debugging symbols.
        """
        # BLAS may have started threads. Only the one that called the kernel runs it.
        lines = re.sub(r'^Thread \d+ ".*" hit ', "", answer, flags=re.MULTILINE).splitlines(keepends=True)
        return "".join(line for line in lines if not self.NOISE.fullmatch(line.rstrip("\n")))

    @staticmethod
    def _check_breakpoints(commands: list[str], answers: list[str], at_the_end: str) -> None:
        """Raise unless each breakpoint was set and reached. A temporary one that was reached is not there any more."""
        numbers = {}
        for command, answer in zip(commands, answers, strict=True):
            if re.match(r"(b|break|tbreak|dprintf) ", command):
                found = re.search(r"^(?:Temporary breakpoint|Breakpoint|Dprintf) (\d+) ", answer, flags=re.MULTILINE)
                if found is None:
                    raise WalkError(f"{command!r} sets no breakpoint, gdb says {answer.strip()!r}")
                numbers[found[1]] = command
        for entry in re.split(r"^(?=\d+ )", at_the_end, flags=re.MULTILINE):
            number = entry.split(" ")[0]
            if number in numbers and "already hit" not in entry:
                raise WalkError(f"the session never stops at the breakpoint {numbers[number]!r}")


DEBUGGERS: tuple[Debugger, ...] = (Pdb(), Gdb())


# -- running and tidying ----------------------------------------------------------------------------


def _place(program: str, folder: Path, project: Path) -> tuple[Path, dict[str, str]]:
    """The folder in which a session runs, and its environment, without colours.

    A program of the page is in a folder of its own, in place of the checkout that a reader saves it in, so our
    packages are in reach of Python and of the debugger. Any other program is one of the project, and runs as in a
    reader's shell.
    """
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    if not (folder / program).exists():
        return project, environment
    paths = [str(project), *filter(None, [os.environ.get("PYTHONPATH")])]
    return folder, environment | {"PYTHONPATH": os.pathsep.join(paths)}


def _run(
    command: list[str], typed: list[str], folder: Path, environment: dict[str, str], *, stderr: int
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, input="".join(f"{line}\n" for line in typed), cwd=folder, env=environment,
            stdout=subprocess.PIPE, stderr=stderr, encoding="utf-8", timeout=SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise WalkError(f"the session takes more than {SECONDS} seconds") from None


def _tidy(answer: str, folder: Path, project: Path) -> str:
    """An answer as a page shows it: short paths, no addresses, no spaces at the end of a line."""
    ours = f"(?:{re.escape(str(folder))}|{re.escape(str(project))})"
    case = re.IGNORECASE if os.name == "nt" else re.NOFLAG  # there pdb writes paths in small letters
    answer = re.sub(rf"{ours}[\\/]([\w\\/.-]+)", lambda path: path[1].replace("\\", "/"), answer, flags=case)
    answer = re.sub(r"(?<!nan\()\b0x[0-9a-fA-F]{6,}", f"0x{ANYTHING}", answer)
    return "".join(f"{line.rstrip()}\n" for line in answer.rstrip().splitlines())
