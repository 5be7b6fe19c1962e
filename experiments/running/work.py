"""What a table works with: cells and checkpoints that are never computed twice.

    start = work.checkpoint("pretraining", pretrain, lr, seed, seed=seed)      # pretrain(folder, lr, seed)
    value = work.cell("16 labels", measure, start, 16, seed, seed=seed)        # measure(start, 16, seed)

A cell's function is an ordinary function, called by `work.cell` itself, so that a debugger steps from one into the
other. The number that it returns is kept in a file; a run that was killed finds there what it had finished.

The same program spreads over processes. `Plan` is a `Work` that computes nothing: it notes which cells can be computed
now, and gives a `Missing` for each. A cell that has one of these among its arguments has to wait for it; code that
looks at a value which is not there yet ends the plan (`NotYet`). The cells are computed elsewhere, each by a `OneCell`,
and the plan is made again: the order in which cells need each other need not be written down anywhere.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure as Drawing

from experiments.evidence import figures
from experiments.evidence.plain import fingerprint, plain
from experiments.evidence.results import Result
from experiments.running import cells, environment, progress
from experiments.running.cells import Cell
from experiments.running.contract import Request
from experiments.running.places import remove, work_folder
from minigrad.checks import whole_number
from minigrad.threads import using_threads

RECORD = "record.json"  # of a checkpoint's folder: the numbers of the training that has ended


class Checkpoint(NamedTuple):
    """What a training has left: files in a folder, and the numbers that it returned."""

    folder: Path
    record: dict[str, Any]


class CellName(NamedTuple):
    """Which cell of a table."""

    key: str
    seed: int | None


class Work:
    """Computes cells where they are asked for.

    Cells belong to one table, preset and settings (all but the number of seeds: more seeds add cells). Checkpoints
    belong to their function and its arguments alone: tables share them. Both belong to what else decides the last
    digits, too (`environment.numbers_depend_on`): they are computed with `n_threads` threads, the settings' or 1,
    whatever the machine has, so that it changes no number how many are computed at once.
    """

    def __init__(self, request: Request) -> None:
        self.request, self.device, root = request, request.device, work_folder()
        same_numbers = {name: value for name, value in plain(request.settings(), "settings").items() if name != "seeds"}
        self.n_threads = whole_number("settings.n_threads", same_numbers.get("n_threads", 1), at_least=1)
        self.depends_on = environment.numbers_depend_on(self.n_threads)
        key = fingerprint([self.depends_on, same_numbers])
        self.folder = root / "cells" / request.name / f"{request.preset}-{self.device}-{key}"
        self.checkpoints = root / "checkpoints"
        self.cells: dict[CellName, Cell] = {}  # in the order in which they were asked for
        self.seconds: dict[Path, float] = {}  # of each file; two keys may lead to one checkpoint
        self.figures: dict[str, tuple[str, str]] = {}  # name -> SVG, caption
        self._computing: str | None = None

    def cell(
        self, key: str, function: Callable[..., Mapping[str, Any]], *arguments: Any, seed: int | None = None
    ) -> dict[str, Any]:
        """The numbers of one unit of work: those of `function(*arguments)` the first time, later those of its file.

        Give the seed if there is one: the result then lists the cell with all its seeds.

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
        """Train once: `train(folder, *arguments)` leaves its files in the folder and returns numbers.

        The folder belongs to the function and its arguments, which must hold everything that decides what is learnt:
        data, tokenizer, model, optimizer, steps, seed. A `train` that was interrupted is called again with the same
        folder and may resume from what it finds there. So is one whose record or files are no longer what it left;
        the folder is emptied first.

        Raises:
            ValueError: if the same key and seed were asked for before in this run, or inside another cell.
            TypeError: if an argument is more than JSON can hold.
        """
        if any(isinstance(argument, Missing) for argument in _flat(arguments)):
            return self._wait(CellName(key, seed))  # type: ignore[return-value]
        function = f"{train.__module__}.{train.__qualname__}"
        name = [function, self.device, self.depends_on, [_identity(each) for each in arguments]]
        folder = self.checkpoints / fingerprint(name)
        _make_folder(folder)
        record = self._once(folder / RECORD, CellName(key, seed), train, (folder, *arguments))
        return record if isinstance(record, Missing) else Checkpoint(folder, record)  # type: ignore[return-value]

    def figure(self, name: str, drawing: Drawing, caption: str) -> None:
        """Keep a matplotlib figure (see `experiments.evidence.figures`) as SVG, to be written next to the result.

        Raises:
            ValueError: if the name has no letter or digit, or another figure has it.
        """
        slug = _slug(name)
        if not slug or slug in self.figures:
            raise ValueError(f"figure {name!r} needs a name of its own, of letters and digits")
        self.figures[slug] = (self._draw(drawing, name), caption)

    def _once(self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """The value in the cell's file, or what is to be done where there is none."""
        if self._computing is not None:
            raise ValueError(f"cell {name.key!r} is asked for while {self._computing!r} is computed: ask for it before")
        if name in self.cells:
            raise ValueError(f"cell {name.key!r} with seed {name.seed} is asked for twice: each needs its own key")
        try:
            cell = cells.load(path)
            if path.name == RECORD:
                cells.check_files(cell, path.parent)
        except FileNotFoundError:
            return self._absent(path, name, function, arguments)
        except cells.DamagedCell as error:
            print(f"Warning: {error}; it is computed again.", file=sys.stderr)
            if path.name == RECORD:
                remove(path.parent)
                _make_folder(path.parent)
            else:
                remove(path)
            return self._absent(path, name, function, arguments)
        return self._keep(path, name, cell)

    def run_table(self) -> Result:
        """Run the table's program with this work."""
        with figures.house_style():
            return self.request.table().run(self.request.settings(), self)

    def _draw(self, drawing: Drawing, name: str) -> str:
        return figures.to_svg(drawing, name)

    def _absent(self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What to do for a cell without a file: here, compute it."""
        return self._keep(path, name, self._compute(path, name, function, arguments))

    def _wait(self, name: CellName) -> Any:
        """What to do for a cell whose arguments are not all there: here, they always are."""
        raise AssertionError(f"cell {name.key!r} has to wait for another, although cells are computed in order")

    def _compute(self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Cell:
        self._computing, started = name.key, time.perf_counter()
        try:
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
        self.cells[name] = cell  # under the name that this table gave it: a checkpoint may have another in its file
        self.seconds[path] = cell.seconds
        return cell.value


class NotYet(Exception):  # not an error: the end of a plan
    """A value was looked at that is not computed yet."""


class Missing:
    """In place of the value of a cell that is not computed yet. It can be passed on, but not looked at."""

    def __init__(self, name: CellName) -> None:
        self.__dict__["name"] = name

    def _not_yet(self, *_: object) -> Any:
        raise NotYet(self.__dict__["name"].key)

    __getattr__ = __getitem__ = __iter__ = __len__ = __bool__ = __float__ = __contains__ = _not_yet


class Plan(Work):
    """Computes nothing, and notes in `ready` which cells can be computed now, by the file that each will write."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.ready: dict[Path, CellName] = {}

    def _absent(self, path: Path, name: CellName, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        self.ready.setdefault(path, name)
        return Missing(name)

    def _wait(self, name: CellName) -> Any:
        return Missing(name)

    def _draw(self, drawing: Drawing, name: str) -> str:
        return ""  # nobody will look at it, and drawing takes longer than all else that a plan does


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
        self._compute(path, name, function, arguments)
        raise Finished


def _identity(argument: Any) -> Any:
    """What an argument adds to a checkpoint's name: a checkpoint adds its name, not its location."""
    return argument.folder.name if isinstance(argument, Checkpoint) else argument


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
    """Make a folder for work; a file in its place, or a link that leads nowhere, is of no use to anyone."""
    if os.path.lexists(folder) and not folder.is_dir():
        print(f"Warning: {folder} is not a folder; it is replaced by one.", file=sys.stderr)
        remove(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _slug(text: str) -> str:
    """A short file name on every system."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
