"""Records the steps of a program: each line of the watched files, with the variables and the tape as they are there.

Python calls a trace function (`sys.settrace`) before each line. The recorder keeps what differs from the step before,
so that a recording stays small, and numbers calls and nodes from the start of the recording, so that two recordings of
one program are equal (unless a variable shows memory that was never written, as that of np.empty).
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from lectures.stepping.shortening import shortened
from lectures.stepping.statements import Statements
from lectures.stepping.tape_rows import Row, TapeReader
from lectures.stepping.watching import Watched, is_check
from minigrad import tape
from minigrad.files import read_text

Trace = Callable[[FrameType, str, Any], Any]


class TooManySteps(BaseException):
    """Ends a program whose recording is full. No Exception, so that the program does not catch it."""


@dataclass
class Recording:
    """What the page shows, ready for JSON.

    Attributes:
        files: of each file its name, its text, and the last line of each statement of several lines by its first.
        calls: of each call the function's name, and its file as an index.
        steps: what happened, in order. Each has its `call` as an index, the `line`, and the `depth` of the stack, and
            what applies of the following: `variables`, those that have changed, None for one that is gone; `tape`, its
            rows that have changed, None for one that is gone; `printed`, what was printed since the step before; and
            `event`, `return`, `yield` or `raise` with its `value`. A step without event is before its line runs.
        error: why the program failed, or empty.
        is_full: whether the program was stopped because it has more steps.
    """

    files: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    is_full: bool = False


@dataclass
class _Call:
    """A call that is running.

    Attributes:
        number: its index in the recording.
        known: the text of each variable at the last step.
        line: the first line of the statement of the last step.
        is_raising: whether an exception was raised, and no line has run since.
    """

    number: int
    code: CodeType
    statements: Statements
    known: dict[str, str] = field(default_factory=dict)
    line: int = 0
    is_raising: bool = False


class Recorder:
    """Fills a Recording while the block of `recording()` runs.

    Args:
        watched: which code is recorded.
        max_steps: how many steps are recorded before the program is stopped.
        printed: returns what was printed since the last time it was called.
    """

    def __init__(self, watched: Watched, max_steps: int, printed: Callable[[], str]) -> None:
        self.watched, self.max_steps, self.printed = watched, max_steps, printed
        self.result = Recording()
        self._tape = TapeReader(watched.program, next(tape.clock))
        self._rows: dict[str, Row] = {}
        self._stack: list[tuple[FrameType, _Call]] = []
        self._generators: dict[int, _Call] = {}  # by the id of their frame, which they keep from yield to yield
        self._files: dict[str, tuple[int, Statements]] = {}
        self._is_muted = False

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Trace what runs inside the block."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    # -- what Python calls --------------------------------------------------------------------------

    def _enter(self, frame: FrameType, event: str, value: Any) -> Trace | None:
        """A function is called, or a generator goes on."""
        if self._is_muted:
            return None
        is_import = frame.f_code.co_name == "<module>" and Path(frame.f_code.co_filename) != self.watched.program
        if is_import or is_check(frame.f_code):
            frame.f_trace_lines = False
            self._is_muted = True
            return self._unmute
        if not self.watched.wants(frame):
            return None
        self._stack.append((frame, self._call(frame)))
        return self._inside

    def _unmute(self, frame: FrameType, event: str, value: Any) -> Trace:
        """An import or a check, below which nothing is recorded, ends."""
        if event == "return":
            self._is_muted = False
        return self._unmute

    def _inside(self, frame: FrameType, event: str, value: Any) -> Trace:
        """A line of a recorded function runs next, or the function ends."""
        if not self._stack or self._stack[-1][0] is not frame:
            return self._inside  # a generator that is closed without having been called
        call = self._stack[-1][1]
        if event == "line":
            self._line(frame, call)
        elif event == "exception":
            call.is_raising = True
            if not issubclass(value[0], StopIteration | GeneratorExit):  # these end generators, and are no errors
                self._step(frame, call, event="raise", value=f"{value[0].__name__}: {value[1]}")
        elif event == "return":
            self._return(frame, call, value)
            self._stack.pop()
        return self._inside

    # -- steps --------------------------------------------------------------------------------------

    def _line(self, frame: FrameType, call: _Call) -> None:
        line = call.statements.first.get(frame.f_lineno, frame.f_lineno)
        if not line or (line == call.line and line in call.statements.revisited):  # an empty program begins in line 0
            return
        call.line, call.is_raising = line, False
        self._step(frame, call)

    def _return(self, frame: FrameType, call: _Call, value: Any) -> None:
        operation = dis.opname[frame.f_code.co_code[frame.f_lasti]]
        if operation in ("YIELD_VALUE", "RESUME"):  # since Python 3.13 it is the instruction after the `yield`
            if not call.is_raising:  # else the generator is closed where it waits
                self._step(frame, call, value, event="yield", value=self._text(value))
            return
        if not operation.startswith("RETURN") or not call.line:  # the function ends because of an exception
            return
        self._step(frame, call, value, event="return", value=self._text(value))
        step = self.result.steps[-1]
        if value is None and not step.keys() & {"variables", "tape", "printed"} and len(self._stack) > 1:
            self.result.steps.pop()  # the end of a function that returns nothing shows nothing

    def _step(self, frame: FrameType, call: _Call, returned: Any = None, /, **event: str) -> None:
        if len(self.result.steps) >= self.max_steps:
            self.result.is_full = True
            raise TooManySteps
        step: dict[str, Any] = {"call": call.number, "line": call.line, "depth": len(self._stack), **event}
        variables = self._variables(frame)
        if changed := _changes(call.known, variables):
            step["variables"], call.known = changed, variables
        rows = self._tape.rows([frame for frame, _ in self._stack], returned)
        if changed_rows := _changes(self._rows, rows):
            step["tape"], self._rows = changed_rows, rows
        if printed := self.printed():
            step["printed"] = printed
        self.result.steps.append(step)

    def _variables(self, frame: FrameType) -> dict[str, str]:
        """The variables of a frame as texts. In a module, what was imported or defined is no news."""
        is_module = frame.f_code.co_name == "<module>"
        left_out = (ModuleType, type, FunctionType) if is_module else (ModuleType,)
        return {
            name: self._text(value)
            for name, value in list(frame.f_locals.items())
            if not name.startswith("__") and not isinstance(value, left_out)
        }

    def _text(self, value: object) -> str:
        return shortened(value, self._tape.name)

    # -- numbers of calls and files -----------------------------------------------------------------

    def _call(self, frame: FrameType) -> _Call:
        code = frame.f_code
        going_on = self._generators.get(id(frame))
        if going_on is not None and going_on.code is code and frame.f_lineno != code.co_firstlineno:
            return going_on
        file, statements = self._file(code)
        call = _Call(len(self.result.calls), code, statements)
        self.result.calls.append((code.co_qualname.rpartition("<locals>.")[2], file))
        if code.co_flags & inspect.CO_GENERATOR:
            self._generators[id(frame)] = call
        return call

    def _file(self, code: CodeType) -> tuple[int, Statements]:
        if code.co_filename not in self._files:
            text = read_text(code.co_filename)
            statements = Statements(text)
            self._files[code.co_filename] = len(self.result.files), statements
            self.result.files.append({"name": self.watched.name(code), "text": text, "last": statements.last})
        return self._files[code.co_filename]


def _changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The entries of `new` that differ, and None for those that are gone."""
    changed = {name: value for name, value in new.items() if old.get(name) != value}
    return changed | dict.fromkeys(name for name in old if name not in new)
