"""Running tables from a command line: the options, and the run.

Each table is also a script of its own, for a debugger: `python -m experiments.tables.subword_table --preset quick`.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from experiments.evidence import results
from experiments.evidence.errors import ExperimentError
from experiments.evidence.formatting import SYMBOLS, aligned, duration, effect, evidence, outcome
from experiments.running.contract import OwnFiles, Request, takes_own_files
from experiments.running.jobs import Processes
from experiments.running.places import results_folder, work_folder
from experiments.running.run import forget, run_one, run_spread
from minigrad import checks
from minigrad.device import cupy
from tokenizer.command import console
from tokenizer.command.arguments import as_text, whole

MOST_JOBS = 64
"""The most processes that are started: no table has more cells."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how tables are run."""
    parser.add_argument("--preset", default="quick", help="quick (one seed, the default) or full (3 seeds or more)")
    parser.add_argument("--seeds", type=whole, metavar="N", help="how many seeds, instead of the preset's number")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="where to compute (default: cpu)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=whole, default=1, metavar="N", help="how many cells at once (default: 1)")
    where.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler, whose workers compute the cells")
    parser.add_argument("--fresh", action="store_true", help="compute and train everything anew")
    own = parser.add_argument_group("your own files", "run one table's systems on them; both are needed")
    own.add_argument(
        "--corpus", type=as_text, metavar="PATH", help="text to pretrain on: a file, or a folder of .txt and .md files"
    )
    own.add_argument(
        "--data",
        type=as_text,
        metavar="FOLDER",
        help="a data set to finetune on: the files of a GLUE task or SNLI; for glue_table, also a folder of several",
    )
    own.add_argument(
        "--task",
        type=as_text,
        metavar="NAME",
        help="which task it is, such as SST-2, if the folder's name does not tell",
    )


def own_files(options: argparse.Namespace) -> OwnFiles | None:
    """The user's own files that the options name; None if they name none.

    Raises:
        ExperimentError: if only a part is there.
    """
    given = [f"--{name}" for name in ("corpus", "data", "task") if getattr(options, name) is not None]
    if not given:
        return None
    if missing := [name for name in ("--corpus", "--data") if name not in given]:
        raise ExperimentError(
            f"{' and '.join(given)}: {' and '.join(missing)} must be given too, to pretrain on the corpus and then to "
            "finetune on the data"
        )
    for name in ("corpus", "data"):
        if not getattr(options, name):
            raise ExperimentError(f"--{name}: expected a path, got {getattr(options, name)!r}")
    return OwnFiles(os.path.abspath(options.corpus), os.path.abspath(options.data), options.task)


def run_tables(requests: Sequence[Request], options: argparse.Namespace) -> None:
    """Run tables as the options say, and print the verdicts.

    The options and the folders are checked before any work starts.

    Raises:
        ExperimentError, DeviceError or ValueError: saying what is wrong.
    """
    estimates = [request.table().estimate(request.settings()) for request in requests]
    n_jobs = min(checks.whole_number("jobs", options.jobs, at_least=1), MOST_JOBS)
    for folder in (work_folder, results_folder):
        folder()  # raises an error if it cannot be written
    if options.device == "cuda":
        cupy()
    if len(requests) > 1:
        print(f"{len(requests)} tables, about {duration(sum(estimate.seconds for estimate in estimates))} in all\n")
    if options.cluster:
        from experiments.running.cluster import Cluster  # here, since Dask is an extra

        with Cluster(options.cluster) as cluster:
            forget(requests if options.fresh else [])
            tell(requests, run_spread(requests, cluster.compute, cluster.size))
        return
    forget(requests if options.fresh else [])
    if n_jobs > 1:
        with Processes(n_jobs) as processes:
            tell(requests, run_spread(requests, processes.compute, n_jobs))
        return
    for request in requests:
        tell([request], [run_one(request)])


def tell(requests: Sequence[Request], paths: Sequence[Path]) -> None:
    """Print the verdicts of the results in these files; of those on the user's own files, which no report shows, the
    tables too."""
    for request, path in zip(requests, paths, strict=True):
        result = results.load(path)
        for table in result.tables if request.files is not None else ():
            print(f"\n{aligned(table)}")
        for claim in result.claims:
            print(f"  {SYMBOLS[outcome(claim)]} {outcome(claim)}: {claim.text}: {effect(claim)} ({evidence(claim)})")
        print(f"  its cells took {duration(result.wall_seconds)}; result: {path}\n")


def script(module: str) -> None:
    """Run one table as a script of its own, and exit. `module` is the full name of the table's module.

    The module is imported again under its full name, because a checkpoint is found by the full name of its function,
    which must not depend on how the program was started.
    """

    def main(arguments: Sequence[str]) -> None:
        parser = argparse.ArgumentParser(prog=f"python -m {module}", allow_abbrev=False)
        add_options(parser)
        options = parser.parse_args(arguments)
        files = own_files(options)
        if files is not None and not takes_own_files(module):
            raise ExperimentError(f"{module} cannot be run on --corpus and --data")
        run_tables([Request(module, options.preset, options.seeds, options.device, options.fresh, files)], options)

    console.leave(console.run(main, interrupted="Interrupted. What is finished is kept; the same command resumes."))
