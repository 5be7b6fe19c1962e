"""Which code a recording steps into, and what the files are called on the page."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

OURS = ("minigrad", "models", "tokenizer")
"""What is watched if nothing is named: the library."""

LEFT_OUT = (
    "minigrad/anomaly.py",
    "minigrad/checks.py",
    "minigrad/conversion.py",
    "minigrad/device.py",
    "minigrad/files.py",
    "minigrad/grad_mode.py",
    "minigrad/operators.py",
    "minigrad/random.py",
    "minigrad/switches.py",
    "minigrad/threads.py",
    "minigrad/kernels/*.py",
    "minigrad/kernels/*/__init__.py",
    "minigrad/nn/module.py",
    "minigrad/ops/operands.py",
    "minigrad/optim/parameters.py",
    "models/inputs.py",
    "tokenizer/batches.py",
    "tokenizer/checks.py",
    "tokenizer/command/*.py",
    "tokenizer/formats/*.py",
    "tokenizer/read/*.py",
)
"""Files that check or convert arguments. They are left out unless they are named themselves."""


@dataclass(frozen=True)
class Watch:
    """A file, a folder, or a function of a file.

    Attributes:
        path: of the file or folder.
        function: its name, or empty for all.
    """

    path: Path
    function: str = ""


class Watched:
    """Decides for each piece of code whether it is recorded.

    Args:
        project: the folder of the checkout, from which the names of files begin.
        program: the recorded program; it is always watched.
        names: `FILE`, `FOLDER` or `FILE::FUNCTION`, from the folder of the project or from the current one. If there
            are none: our library, and the files beside the program.

    Raises:
        ValueError: if there is no such file, folder, or function.
    """

    def __init__(self, project: Path, program: Path, names: Iterable[str] = ()) -> None:
        self.project, self.program = project.resolve(), program.resolve()
        self.watches = [self._watch(name) for name in names]
        self._is_default = not self.watches
        if self._is_default:
            self.watches = [Watch(self.project / name) for name in OURS]
        self._known: dict[CodeType, bool] = {}

    def wants(self, frame: FrameType) -> bool:
        """Whether the steps of a frame are recorded."""
        code = frame.f_code
        if code not in self._known:
            self._known[code] = self._wants(code) and not _is_property(frame)
        return self._known[code]

    def name(self, code: CodeType) -> str:
        """The file of a piece of code as the page shows it."""
        path = Path(code.co_filename).resolve()
        if path.is_relative_to(self.project) and path != self.program:
            return path.relative_to(self.project).as_posix()
        return path.name

    def _wants(self, code: CodeType) -> bool:
        path = Path(code.co_filename).resolve()
        if path == self.program:
            return code.co_name == "<module>" or not code.co_name.startswith("<")
        if code.co_name.startswith("<") or not code.co_flags & inspect.CO_OPTIMIZED:  # of a module, class, generator …
            return False
        if self._is_default and path.parent == self.program.parent:
            return True
        return any(self._covers(watch, path, code.co_name) for watch in self.watches)

    def _covers(self, watch: Watch, path: Path, function: str) -> bool:
        if watch.path == path:
            return not watch.function or watch.function == function
        if not path.is_relative_to(watch.path) or not path.is_relative_to(self.project):
            return False
        name = path.relative_to(self.project)
        return not any(name.match(left_out) for left_out in LEFT_OUT)

    def _watch(self, name: str) -> Watch:
        file, _, function = name.partition("::")
        found = [path for path in (self.project / file, Path(file).absolute()) if path.exists()]
        if not file or not found:
            raise ValueError(f"expected a file or folder to watch, or FILE::FUNCTION, got {name!r}, which is not there")
        path = found[0].resolve()
        if function and (not path.is_file() or f"def {function}(" not in path.read_text(encoding="utf-8")):
            raise ValueError(f"expected a function of {file} to watch, got {function!r}, which is not defined there")
        return Watch(path, function)


def is_check(code: CodeType) -> bool:
    """Whether a function only checks its arguments, by its name. Nothing below it is recorded."""
    return code.co_name.startswith(("check_", "_check")) or code.co_name == "check"


def _is_property(frame: FrameType) -> bool:
    """Whether a frame is that of a property: a step into `Tensor.shape` teaches nothing."""
    owner = frame.f_locals.get("self")
    attribute = inspect.getattr_static(type(owner), frame.f_code.co_name, None)
    return owner is not None and isinstance(attribute, property)
