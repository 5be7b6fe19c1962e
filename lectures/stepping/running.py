"""Runs a program under the recorder, as `python program.py` would run it, and keeps what it prints."""

from __future__ import annotations

import contextlib
import io
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, ModuleType

from lectures.stepping.recorder import Recorder, Recording, TooManySteps
from lectures.stepping.watching import Watched
from minigrad import use_kernels
from minigrad.files import read_text

PRINTED = 20_000
"""How many characters of what a program prints are kept."""


class ProgramError(Exception):
    """A program that is not Python."""


def record(program: Path, project: Path, watch: Iterable[str] = (), max_steps: int = 2000) -> Recording:
    """Run a program and record it.

    It runs in this process, with the reference kernels, which are Python that can be stepped through. It cannot read
    input. An error of the program ends the recording, and is a part of it.

    Args:
        project: the folder of the checkout.
        watch: what is recorded besides the program, as in `Watched`.
        max_steps: after how many steps the program is stopped.

    Raises:
        ProgramError: if the program is not Python.
        ValueError: if the program or something to watch is not there, or max_steps is not positive.
    """
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1, got {max_steps}")
    program = program.resolve()
    code = _compiled(program)
    output = _Output()
    recorder = Recorder(Watched(project, program, watch), max_steps, output.new)
    with _as_main(program) as module, use_kernels("reference"), contextlib.redirect_stdout(output):
        try:
            with recorder.recording():
                exec(code, module.__dict__)
        except TooManySteps:
            pass
        except SystemExit as end:
            if end.code not in (None, 0):
                recorder.result.error = f"SystemExit: {end.code}"
        except BaseException as error:  # Ctrl-C too: what was recorded by then is kept
            recorder.result.error = _in_words(error, program)
    if (printed := output.new()) and recorder.result.steps:
        last = recorder.result.steps[-1]
        last["printed"] = last.get("printed", "") + printed
    return recorder.result


class _Output(io.StringIO):
    """What was printed, up to a limit."""

    def __init__(self) -> None:
        super().__init__()
        self._read = 0

    def write(self, text: str) -> int:
        room = PRINTED - self.tell()
        if room > 0:
            super().write(text if len(text) <= room else f"{text[:room]}\n… (more was printed than is kept here)\n")
        return len(text)

    def new(self) -> str:
        """What has been printed since the last call."""
        text = self.getvalue()[self._read :]
        self._read += len(text)
        return text


class _NoInput(io.TextIOBase):
    """Standard input of a program that is recorded."""

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        raise EOFError("a program that is recorded cannot read input; write the values into the program")

    read = readline  # type: ignore[assignment]


def _compiled(program: Path) -> CodeType:
    if not program.is_file():
        raise ValueError(f"there is no program {program}")
    try:
        return compile(read_text(program), str(program), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise ProgramError(f"{program}, line {error.lineno}: {error.msg}") from None
    except ValueError as error:  # not UTF-8, or with a null byte
        raise ProgramError(str(error) if str(program) in str(error) else f"{program}: {error}") from None


@contextlib.contextmanager
def _as_main(program: Path) -> Iterator[ModuleType]:
    """A module `__main__` for the program, with the arguments, import path and input that it sees."""
    module = ModuleType("__main__")
    module.__file__ = str(program)
    before = sys.modules["__main__"], sys.argv, sys.path, sys.stdin
    sys.modules["__main__"], sys.argv, sys.path, sys.stdin = (
        module, [str(program)], [str(program.parent), *sys.path], _NoInput(),
    )  # fmt: skip
    try:
        yield module
    finally:
        sys.modules["__main__"], sys.argv, sys.path, sys.stdin = before


def _in_words(error: BaseException, program: Path) -> str:
    """The error and the line of the program that it comes from."""
    lines = [entry.lineno for entry in traceback.extract_tb(error.__traceback__) if entry.filename == str(program)]
    where = f", {program.name} line {lines[-1]}" if lines else ""
    said = "interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"
    return f"{said}{where}"
