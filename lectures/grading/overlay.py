"""Files of the student's folder take the place of the installed modules of the same name.

A handout needs to hold only what the student edits. What the student removed is not taken from the library, where it is
solved: the stub takes its place. The grader's own modules cannot be imported.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType

CLOSED = ("lectures.assignments",)


class Overlay(MetaPathFinder):
    """Finds a module in the student's folder first.

    Args:
        folder: the student's.
        withheld: the text that takes the place of a module which the folder does not have.
        without: files of the folder, from there, that are passed over: the installed ones serve.
    """

    def __init__(self, folder: Path, withheld: Mapping[str, str], without: Iterable[str] = ()) -> None:
        passed_over = set(without)
        self.files = {
            module_name(path.relative_to(folder)): path
            for path in folder.rglob("*.py")
            if path.relative_to(folder).as_posix() not in passed_over
        }
        self.withheld = withheld

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.startswith(CLOSED):
            raise ModuleNotFoundError(f"{name} belongs to the grader, and cannot be imported here")
        if name in self.files:
            file = self.files[name]
            folders = [str(file.parent)] if file.name == "__init__.py" else None
            return importlib.util.spec_from_file_location(name, file, submodule_search_locations=folders)
        if name in self.withheld:
            loader: Loader = Withheld(name, f"<{name} is not in your folder>", self.withheld[name])
            return importlib.util.spec_from_loader(name, loader)
        return None


class Withheld(SourceFileLoader):
    """Loads a module from text that is in no file."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str):  # type: ignore[no-untyped-def]
        return compile(self.text, self.path, "exec")


def module_name(path: Path) -> str:
    """The dotted name of a file's module."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def install(folder: str | Path, withheld: Mapping[str, str] | None = None, without: Iterable[str] = ()) -> None:
    """Look for modules in the student's folder first. Modules that were imported before are not replaced."""
    sys.meta_path.insert(0, Overlay(Path(folder).resolve(), withheld or {}, without))
