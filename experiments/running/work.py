"""What a table works with: cells and checkpoints that are never computed twice.

    start = work.checkpoint("pretraining", pretrain, lr, seed, seed=seed)      # pretrain(folder, lr, seed)
    value = work.cell("16 labels", measure, start, 16, seed, seed=seed)        # measure(start, 16, seed)

A cell's function is an ordinary function that `work.cell` calls, so a debugger steps from one into the other. The
numbers that it returns are kept in a file, and a run that was killed finds its finished cells there.

The same program spreads over processes. A `Plan` is a `Work` that computes nothing: it notes the cells that can be
computed now, and returns a `Missing` for each. A cell with a `Missing` among its arguments has to wait; code that looks
at a value that is not computed yet ends the plan (`NotYet`). Each cell is computed elsewhere by a `OneCell`, and then
the plan is made again. So tables do not declare which cell depends on which.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure as Drawing

from experiments.evidence import figures
from experiments.evidence.plain import fingerprint, plain
from experiments.evidence.results import Result
from experiments.running import cells, environment, progress
from experiments.running.cells import Cell
from experiments.running.contract import Request
from experiments.running.locks import one_at_a_time
from experiments.running.places import own_data_folder, remove, work_folder
from minigrad import random
from minigrad.checks import whole_number
from minigrad.threads import using_threads

RECORD = "record.json"  # in a checkpoint's folder: the numbers that its training returned


class Checkpoint(NamedTuple):
    """A finished training: the folder with its files, and the numbers that it returned."""

    folder: Path
    record: dict[str, Any]


class CellName(NamedTuple):
    """The name of a cell within a table."""

    key: str
    seed: int | None


class Work:
    """Computes cells in the order in which they are asked for.

    A cell is found again by its table, preset and settings (except the number of seeds: more seeds add cells). A
    checkpoint is found by its function and arguments alone, so tables share it. The keys of both include whatever
    changes the last digits of a number (`environment.numbers_depend_on`). Every cell is computed with the settings'
    `n_threads` threads (1 if there is no such setting): numbers do not depend on how many cells are computed at once.
    """

    def __init__(self, request: Request) -> None:
        self.request, self.device = request, request.device
        self.root = root = work_folder() if request.files is None else own_data_folder()
        same_numbers = {name: value for name, value in plain(request.settings(), "settings").items() if name != "seeds"}
        self.n_threads = whole_number("settings.n_threads", same_numbers.get("n_threads", 1), at_least=1)
        self.depends_on = environment.numbers_depend_on(self.n_threads)
        key = fingerprint([self.depends_on, same_numbers])
        self.folder = root / "cells" / request.name / f"{request.preset}-{self.device}-{key}"
        self.checkpoints = root / "checkpoints"
        self.cells: dict[CellName, Cell] = {}  # in the order in which they were asked for
        self.seconds: dict[Path, float] = {}  # by file: two keys may name one checkpoint
        self.figures: dict[str, tuple[str, str]] = {}  # name -> SVG, caption
        self.came_with_the_package: list[str] = []  # the names of checkpoints that were not trained here
        self._computing: str | None = None

    def cell(
        self, key: str, function: Callable[..., Mapping[str, Any]], *arguments: Any, seed: int | None = None
    ) -> dict[str, Any]:
        """The numbers of one unit of work: `function(*arguments)` computes them once, later they are read from a file.

        Pass the seed if there is one: the result then lists the cells of all seeds together.

        Raises:
            ValueError: if the same key and seed were asked for before in this run, or inside another cell.
        """
        if any(isinstance(argument, Missing) for argument in _flat(arguments)):
            return self._wait(CellName(key, seed))
        path = self.folder / f"{_slug(key)}-{fingerprint([key, seed])}.json"
        return self._once(path, CellName(key, seed), function, arguments)

    def checkpoint(
        self, key: str, train: Callable[..., Mapping[str, Any]], *arguments: Any, seed: int | None = None
    ) -> Checkpoint:
        """Train once: `train(folder, *arguments)` writes its files into the folder and returns numbers.

        The folder is found by the function and its arguments, so these must hold everything that decides what is
        learnt: data, tokenizer, model, optimizer, steps, seed. After an interruption `train` is called again with the
        same folder, and may resume from the files there. If a finished training's files are damaged, the folder is
        emptied and `train` is called again. While one process trains, others that want the checkpoint wait for it.

        Raises:
            ValueError: if the same key and seed were asked for before in this run, or inside another cell.
            TypeError: if an argument is neither a value that JSON can hold, nor a dataclass, function, class or
                checkpoint.
        """
        if any(isinstance(argument, Missing) for argument in _flat(arguments)):
            return self._wait(CellName(key, seed))  # type: ignore[return-value]
        function = f"{train.__module__}.{train.__qualname__}"
        name = [function, self.device, self.depends_on, [_identity(each) for each in arguments]]
        folder = self.checkpoints / fingerprint(name)
        _make_folder(folder)
        record = self._once(folder / RECORD, CellName(key, seed), train, (folder, *arguments))
        return record if isinstance(record, Missing) else Checkpoint(folder, record)  # type: ignore[return-value]

    def installed(self, key: str, found: Checkpoint, seed: int | None = None) -> Checkpoint:
        """A checkpoint that came with the package. The result lists it as it lists one that was trained now, with the
        seconds that were spent now: none.

        Raises:
            ValueError: as `cell`.
        """
        name = CellName(key, seed)
        self._check_name(name)
        self._keep(found.folder / RECORD, name, Cell(key, seed, found.record, 0.0, environment.git_commit(), {}))
        self.came_with_the_package.append(found.folder.name)
        return found

    def figure(self, name: str, drawing: Drawing, caption: str) -> None:
        """Keep a Matplotlib figure (see `experiments.evidence.figures`); it is written as SVG next to the result.

        Raises:
            ValueError: if the name has no letter or digit, or another figure has it.
        """
        slug = _slug(name)
        if not slug or slug in self.figures:
            raise ValueError(f"figure {name!r} needs a name of its own, of letters and digits")
        self.figures[slug] = (self._draw(drawing, name), caption)

    def _once(self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """The value in the cell's file, or of `_absent` if there is none."""
        self._check_name(name)
        cell = self._load(path, name)
        return self._absent(path, name, function, arguments) if cell is None else self._keep(path, name, cell)

    def _check_name(self, name: CellName) -> None:
        """Raises ValueError if a cell is asked for twice, or inside another."""
        if self._computing is not None:
            raise ValueError(f"cell {name.key!r} is asked for while {self._computing!r} is computed: ask for it before")
        if name in self.cells:
            raise ValueError(f"cell {name.key!r} with seed {name.seed} is asked for twice: each needs its own key")

    def _load(self, path: Path, name: CellName) -> Cell | None:
        """The cell in its file; None if it has to be computed."""
        try:
            return _read(path)
        except FileNotFoundError:
            return None
        except cells.DamagedCell:
            with self._alone(path, name):  # another process may have removed it, and be training in this folder already
                return _read_or_remove(path)

    def _alone(self, path: Path, name: CellName) -> AbstractContextManager[None]:
        """Keep other processes from training a checkpoint. Cells need no lock: the last one to write its file wins."""
        if path.name != RECORD:
            return nullcontext()
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        return one_at_a_time(self.checkpoints / f"{path.parent.name}.lock", f"it is training {name.key!r}")

    def run_table(self) -> Result:
        """Run the table with this work."""
        with figures.house_style():
            return self.request.table().run(self.request.settings(), self)

    def _draw(self, drawing: Drawing, name: str) -> str:
        return figures.to_svg(drawing, name)

    def _absent(self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """The value of a cell that has no file: here, compute it."""
        return self._keep(path, name, self._compute_once(path, name, function, arguments))

    def _wait(self, name: CellName) -> Any:
        """The value of a cell whose arguments are not all computed: here, they always are."""
        raise AssertionError(f"cell {name.key!r} has to wait for another, although cells are computed in order")

    def _compute_once(
        self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Cell:
        """Compute a cell and write its file. A checkpoint that another process is training is waited for instead."""
        with self._alone(path, name):
            return _read_or_remove(path) or self._compute(path, name, function, arguments)

    def _compute(self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Cell:
        self._computing, started = name.key, time.perf_counter()
        try:
            random.manual_seed(0)  # what dropout draws must not depend on which cells this process computed before
            with using_threads(self.n_threads):
                value = plain(dict(function(*arguments)), f"cell {name.key!r}")
        except Exception as error:
            error.add_note(f"in the cell {name.key!r}, seed {name.seed}")
            raise
        finally:
            self._computing = None
        files = cells.file_hashes(path.parent, leave_out=RECORD) if path.name == RECORD else {}
        _make_folder(path.parent)
        cell = Cell(name.key, name.seed, value, time.perf_counter() - started, environment.git_commit(), files)
        cells.save(cell, path)
        progress.now_and_then(f"  cells finished: {len(self.cells) + 1}, the last: {name.key}")
        return cell

    def _keep(self, path: Path, name: CellName, cell: Cell) -> dict[str, Any]:
        self.cells[name] = cell  # under this table's name: a checkpoint's file may have another table's
        self.seconds[path] = cell.seconds
        return cell.value


class NotYet(Exception):  # not an error: the end of a plan
    """A value was looked at that is not computed yet."""


class Missing:
    """A placeholder for the value of a cell that is not computed yet. It can be passed on, but not looked at."""

    def __init__(self, name: CellName) -> None:
        self.__dict__["name"] = name

    def _not_yet(self, *_: object) -> Any:
        raise NotYet(self.__dict__["name"].key)

    __getattr__ = __getitem__ = __iter__ = __len__ = __bool__ = __float__ = __contains__ = _not_yet


class Plan(Work):
    """Computes nothing. It notes in `ready` the cells that can be computed now, by the file that each will write."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.ready: dict[Path, CellName] = {}

    def _absent(self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        self.ready.setdefault(path, name)
        return Missing(name)

    def _wait(self, name: CellName) -> Any:
        return Missing(name)

    def _draw(self, drawing: Drawing, name: str) -> str:
        return ""  # a plan's figures are not used, and drawing would take longer than the rest of the plan


class Finished(Exception):  # not an error: the end of a `OneCell`
    """The cell that was wanted has been computed."""


class OneCell(Plan):
    """Computes one cell, and then raises `Finished`."""

    def __init__(self, request: Request, wanted: CellName) -> None:
        super().__init__(request)
        self.wanted = wanted

    def _absent(self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if name != self.wanted:
            return Missing(name)
        self._compute_once(path, name, function, arguments)
        raise Finished


def _identity(value: Any) -> Any:
    """What an argument adds to a checkpoint's name.

    A checkpoint adds its own name, not its location; a function or a class its full name; a dataclass its class and its
    fields. Anything else stays as it is.

    Raises:
        TypeError: if a function has no name by which another process would find it, as a lambda has none.
    """
    if isinstance(value, Checkpoint):
        return value.folder.name
    if is_dataclass(value) and not isinstance(value, type):
        named_fields = {each.name: _identity(getattr(value, each.name)) for each in fields(value)}
        return [_identity(type(value)), named_fields]
    if isinstance(value, dict):
        return {key: _identity(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_identity(item) for item in value]
    name = getattr(value, "__qualname__", None)
    if name is None:
        return value
    if "<" in name:
        raise TypeError(f"a checkpoint cannot be named after {value!r}: define a function at the top of its module")
    return f"{value.__module__}.{name}"


def _read(path: Path) -> Cell:
    """The cell in its file; of a checkpoint, the other files in its folder are checked too.

    Raises:
        FileNotFoundError: if there is none.
        DamagedCell: if a file is not what was written.
    """
    cell = cells.load(path)
    if path.name == RECORD:
        cells.check_files(cell, path.parent)
    return cell


def _read_or_remove(path: Path) -> Cell | None:
    """The cell in its file. None if there is none, or a damaged one, which is said on stderr and removed."""
    try:
        return _read(path)
    except FileNotFoundError:
        return None
    except cells.DamagedCell as error:
        print(f"Warning: {error}; it is computed again.", file=sys.stderr)
    if path.name == RECORD:
        remove(path.parent)
        _make_folder(path.parent)
    else:
        remove(path)
    return None


def _flat(value: Any) -> Iterator[Any]:
    """The values inside of tuples, lists and dictionaries."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _make_folder(folder: Path) -> None:
    """Create a folder. A file in its place, or a broken link, is removed."""
    if os.path.lexists(folder) and not folder.is_dir():
        print(f"Warning: {folder} is not a folder; it is replaced by one.", file=sys.stderr)
        remove(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _slug(text: str) -> str:
    """A short file name that every system allows."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
