"""Runs tables: announces them, computes their cells, and writes the results with their figures."""

import dataclasses
import glob
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from experiments.evidence import results
from experiments.evidence.formatting import duration
from experiments.evidence.plain import plain
from experiments.evidence.results import CellValues, Figure, Result
from experiments.running import environment
from experiments.running.contract import OwnDataModule, Request
from experiments.running.jobs import Compute, spread
from experiments.running.places import remove, results_folder
from experiments.running.work import Work
from minigrad.files import write_text
from minigrad.threads import using_threads


def run_one(request: Request) -> Path:
    """Run one table in this process, write its result and figures, and return the result's path."""
    work = Work(request)
    announce(work)
    return write(work)


def run_spread(requests: Sequence[Request], compute: Compute, at_once: int) -> list[Path]:
    """Run tables whose cells are computed elsewhere, write the results, and return their paths."""
    for request in requests:
        announce(Work(request))
    spread(requests, compute, at_once)
    return [write(Work(request)) for request in requests]


def write(work: Work) -> Path:
    """Run a table, write its result and figures, and remove the figures of an earlier result."""
    with using_threads(work.n_threads):
        result = complete(work.run_table(), work)
    if work.came_with_the_package:
        names = ", ".join(work.came_with_the_package)
        print(f"  pretrained models that come with the package: {names} (--fresh trains them)")
    path = result_file(work)
    for (svg, _), figure in zip(work.figures.values(), result.figures, strict=True):
        write_text(path.parent / figure.file, svg)
    results.save(result, path)
    for old in path.parent.glob(f"{glob.escape(path.stem)}.*.svg"):
        if old.name not in {figure.file for figure in result.figures}:
            old.unlink()
    return path


def forget(requests: Sequence[Request]) -> None:
    """Remove the cells of earlier runs of these tables, and the checkpoints that all tables share."""
    works = [Work(request) for request in requests]
    for folder in [*(work.folder for work in works), *(work.checkpoints for work in works[:1])]:
        remove(folder)


def announce(work: Work) -> None:
    """Print the estimated time and memory, and how many cells an earlier run has finished."""
    request = work.request
    table = request.table()
    estimate = table.estimate(request.settings())
    print(f"{request.name} ({request.preset}): {table.TITLE}")
    if request.files is not None:
        print(f"  {cast(OwnDataModule, table).describe(request.settings())}")
    print(f"  estimate for two CPU cores: {duration(estimate.seconds)}, {estimate.megabytes:,.0f} MB of memory")
    if finished := len(list(work.folder.glob("*.json"))):
        print(f"  resuming; cells finished already: {finished} (--fresh computes them again)")
    sys.stdout.flush()


def complete(result: Result, work: Work) -> Result:
    """The result with the fields that the runner fills in."""
    by_key: dict[str, CellValues] = {}
    for name, cell in work.cells.items():
        values = by_key.setdefault(name.key, CellValues(name.key, [], []))
        values.values.append(cell.value)
        if name.seed is not None:
            values.seeds.append(name.seed)
    request = work.request
    table = request.table()
    return dataclasses.replace(
        result,
        experiment=request.name,
        title=table.TITLE,
        lecture=table.LECTURE,
        preset=request.preset,
        settings=plain(request.settings()),
        cells=list(by_key.values()),
        figures=[
            Figure(name, caption, f"{result_file(work).stem}.{name}.svg") for name, (_, caption) in work.figures.items()
        ],
        wall_seconds=round(sum(work.seconds.values()), 2),
        computed_at=sorted({cell.commit for cell in work.cells.values()}),
        environment=environment.describe(request.device),
    )


def result_file(work: Work) -> Path:
    """Where a table's result is written. A result on the user's own files never takes the place of another."""
    request = work.request
    if request.files is not None:
        name = (
            f"{Path(request.files.data).name[:40]}-{work.folder.name}"  # for example SST-2-quick-cpu-0123456789abcdef
        )
        return work.root / "results" / request.name / f"{name}.json"
    stem = request.preset if request.device == "cpu" else f"{request.preset}-{request.device}"
    return results_folder() / request.name / f"{stem}.json"
