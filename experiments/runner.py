"""Runs an experiment: gives it cells that are never computed twice, and writes down what it found."""

import dataclasses
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure as Drawing

from experiments import cells, environment, figures, progress, results
from experiments.cells import Cell, fingerprint
from experiments.experiment import Experiment, choose_settings, load
from experiments.folders import remove, results_folder, work_folder
from experiments.formatting import duration
from experiments.progress import Bar
from experiments.results import CellValues, Figure, Result
from minigrad.checks import whole_number
from minigrad.files import write_text
from minigrad.threads import using_threads

RECORD = "record.json"  # of a checkpoint's folder: the numbers of the training that has ended


class Run:
    """What an experiment works with. Everything that takes time goes through `cell` or `checkpoint`:
    a run that was killed finds there what it had finished, and ends with the same numbers.

    Cells belong to one experiment, preset and settings (all but the number of seeds: more seeds add cells).
    Checkpoints belong to their configuration alone: experiments share them. Both belong to what else decides the
    last digits, too (`environment.numbers_depend_on`): they are computed with `n_threads` threads, the settings' or
    1, whatever the machine has, and how many runs there are at once changes no number.
    """

    def __init__(
        self, experiment: str, preset: str, settings: Any, device: str = "cpu", work: Path | None = None
    ) -> None:
        self.experiment, self.preset, self.settings, self.device = experiment, preset, settings, device
        self.work = work or work_folder()
        same_numbers = {name: value for name, value in cells.plain(settings, "settings").items() if name != "seeds"}
        self.n_threads = whole_number("settings.n_threads", same_numbers.get("n_threads", 1), at_least=1)
        self.depends_on = environment.numbers_depend_on(self.n_threads)
        key = fingerprint([self.depends_on, same_numbers])
        self.folder = self.work / "cells" / experiment / f"{preset}-{device}-{key}"
        self.cells: dict[tuple[str, int | None], Cell] = {}  # in the order in which they were asked for
        self.seconds: dict[Path, float] = {}  # of each file; two keys may lead to one checkpoint
        self.figures: dict[str, tuple[str, str]] = {}  # name -> SVG, caption
        self._commit = environment.git_commit()
        self._computing: str | None = None

    def cell(self, key: str, compute: Callable[[], Mapping[str, Any]], seed: int | None = None) -> dict[str, Any]:
        """The numbers of one unit of work: `compute()`'s the first time, from then on those in the cell's file.

        Give the seed if there is one: the result then lists the cell with all its seeds.

        Raises:
            ValueError: if the same key and seed were asked for before in this run, or inside another cell.
        """
        name = f"{_slug(key)}-{fingerprint([key, seed])}.json"
        return self._once(self.folder / name, key, compute, seed)

    def checkpoint_folder(self, config: Any) -> Path:
        """The folder for files that depend on nothing but this configuration; experiments share it.

        `config` must hold everything that decides what is learnt: data, tokenizer, model, optimizer, steps, seed.
        """
        folder = self.work / "checkpoints" / fingerprint([self.device, self.depends_on, config])
        _make_folder(folder)
        return folder

    def checkpoint(
        self, key: str, config: Any, train: Callable[[Path], Mapping[str, Any]], seed: int | None = None
    ) -> tuple[Path, dict[str, Any]]:
        """Train once: `train(folder)` leaves its files in the folder and returns numbers; gives back both.

        A `train` that was interrupted is called again with the same folder and may go on from what lies there. So
        is one whose record or files are no longer what it left; the folder is emptied first.

        Raises:
            ValueError: if the same key and seed were asked for before in this run, or inside another cell.
        """
        folder = self.checkpoint_folder(config)
        return folder, self._once(folder / RECORD, key, lambda: train(folder), seed, files_in=folder)

    def progress(self, total: int, description: str, unit: str = "step") -> Bar:
        """A progress bar: `with run.progress(steps, "pretraining") as bar: bar.update()`."""
        return Bar(total, description, unit)

    def figure(self, name: str, drawing: Drawing, caption: str) -> None:
        """Keep a matplotlib figure (see `experiments.figures`) as SVG, to be written next to the result.

        Raises:
            ValueError: if the name has no letter or digit, or another figure has it.
        """
        slug = _slug(name)
        if not slug or slug in self.figures:
            raise ValueError(f"figure {name!r} needs a name of its own, of letters and digits")
        self.figures[slug] = (figures.to_svg(drawing, name), caption)

    def _once(
        self,
        path: Path,
        key: str,
        compute: Callable[[], Mapping[str, Any]],
        seed: int | None,
        files_in: Path | None = None,
    ) -> dict[str, Any]:
        """The value in the cell's file, or `compute()`'s. The folder `files_in` must hold what the cell says."""
        if self._computing is not None:
            raise ValueError(f"cell {key!r} is asked for while {self._computing!r} is computed: ask for it before")
        if (key, seed) in self.cells:
            raise ValueError(f"cell {key!r} with seed {seed} is asked for twice: each unit of work needs its own key")
        try:
            cell = cells.load(path)
            if files_in is not None:
                cells.check_files(cell, files_in)
        except FileNotFoundError:
            cell = self._compute(path, key, compute, seed, files_in)
        except cells.DamagedCell as error:
            print(f"Warning: {error}; it is computed again.", file=sys.stderr)
            remove(files_in or path)
            if files_in is not None:
                _make_folder(files_in)
            cell = self._compute(path, key, compute, seed, files_in)
        self.cells[key, seed] = cell
        self.seconds[path] = cell.seconds
        return cell.value

    def _compute(
        self,
        path: Path,
        key: str,
        compute: Callable[[], Mapping[str, Any]],
        seed: int | None,
        files_in: Path | None = None,
    ) -> Cell:
        self._computing, started = key, time.perf_counter()
        try:
            with using_threads(self.n_threads):
                value = cells.plain(dict(compute()), f"cell {key!r}")
        except Exception as error:
            error.add_note(f"in the cell {key!r}, seed {seed}")
            raise
        finally:
            self._computing = None
        files = cells.file_hashes(files_in, leave_out=RECORD) if files_in is not None else {}
        _make_folder(path.parent)
        cell = Cell(key, seed, value, time.perf_counter() - started, self._commit, files)
        cells.save(cell, path)
        progress.now_and_then(f"  cells finished: {len(self.cells) + 1}, the last: {key}")
        return cell


def run_experiment(name: str, preset: str = "quick", seeds: int | None = None, device: str = "cpu") -> Path:
    """Run one experiment and write its result and figures; gives the result's path.

    Raises:
        ExperimentError: on an unknown name or preset, or too few seeds.
    """
    experiment = load(name)
    settings = choose_settings(experiment, preset, seeds)
    run = Run(name, preset, settings, device)
    announce(experiment, settings, run)
    with figures.house_style(), using_threads(run.n_threads):
        result = complete(experiment.run(settings, run), experiment, run)
    path = results_folder() / name / f"{_stem(run)}.json"
    for drawn, figure in zip(run.figures.values(), result.figures, strict=True):
        write_text(path.parent / figure.file, drawn[0])
    results.save(result, path)
    for old in path.parent.glob(f"{_stem(run)}.*.svg"):
        if old.name not in {figure.file for figure in result.figures}:
            old.unlink()
    return path


def forget(names: Iterable[str], preset: str, device: str = "cpu") -> None:
    """Remove what earlier runs of these experiments have computed, and the checkpoints that all experiments share.

    Raises:
        ExperimentError: on an unknown name or preset.
    """
    runs = [Run(name, preset, choose_settings(load(name), preset), device) for name in names]
    for folder in [*(run.folder for run in runs), work_folder() / "checkpoints"]:
        remove(folder)


def announce(experiment: Experiment, settings: Any, run: Run) -> None:
    """Say what is to come: time, memory, and what an earlier run has left."""
    estimate = experiment.estimate(settings)
    print(f"{experiment.NAME} ({run.preset}): {experiment.TITLE}")
    print(f"  estimate for two CPU cores: {duration(estimate.seconds)}, {estimate.megabytes:,.0f} MB of memory")
    if finished := len(list(run.folder.glob("*.json"))):
        print(f"  resuming; cells finished already: {finished} (--fresh computes them anew)")
    sys.stdout.flush()


def complete(result: Result, experiment: Experiment, run: Run) -> Result:
    """The result with everything that the runner knows."""
    by_name: dict[str, CellValues] = {}
    for (key, seed), cell in run.cells.items():
        values = by_name.setdefault(key, CellValues(key, [], []))
        values.values.append(cell.value)
        if seed is not None:
            values.seeds.append(seed)
    return dataclasses.replace(
        result,
        experiment=experiment.NAME,
        title=experiment.TITLE,
        lecture=experiment.LECTURE,
        preset=run.preset,
        settings=cells.plain(run.settings),
        cells=list(by_name.values()),
        figures=[Figure(name, caption, f"{_stem(run)}.{name}.svg") for name, (_, caption) in run.figures.items()],
        wall_seconds=round(sum(run.seconds.values()), 2),
        computed_at=sorted({cell.commit for cell in run.cells.values()}),
        environment=environment.describe(run.device),
    )


def _make_folder(folder: Path) -> None:
    """Make a folder for work; a file in its place, or a link that leads nowhere, is of no use to anyone."""
    if os.path.lexists(folder) and not folder.is_dir():
        print(f"Warning: {folder} is not a folder; it is replaced by one.", file=sys.stderr)
        remove(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _stem(run: Run) -> str:
    return run.preset if run.device == "cpu" else f"{run.preset}-{run.device}"


def _slug(text: str) -> str:
    """A short file name on every system."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
