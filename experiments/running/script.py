"""Running tables from a command line: the options, and the run.

Each table is also a script of its own, for a debugger: `python -m experiments.tables.subword_table --preset quick`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.evidence import results
from experiments.evidence.formatting import SYMBOLS, duration, effect, evidence, outcome
from experiments.running.contract import Request
from experiments.running.jobs import Processes
from experiments.running.places import results_folder, work_folder
from experiments.running.run import forget, run_one, run_spread
from minigrad import checks
from minigrad.device import cupy
from tokenizer.command import console
from tokenizer.command.arguments import whole

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
            tell(run_spread(requests, cluster.compute, cluster.size))
        return
    forget(requests if options.fresh else [])
    if n_jobs > 1:
        with Processes(n_jobs) as processes:
            tell(run_spread(requests, processes.compute, n_jobs))
        return
    for request in requests:
        tell([run_one(request)])


def tell(paths: Sequence[Path]) -> None:
    """Print the verdicts of the results in these files."""
    for path in paths:
        result = results.load(path)
        for claim in result.claims:
            print(f"  {SYMBOLS[outcome(claim)]} {outcome(claim)}: {claim.text}: {effect(claim)} ({evidence(claim)})")
        print(f"  took {duration(result.wall_seconds)}; result: {path}\n")


def script(module: str) -> None:
    """Run one table as a script of its own, and exit. `module` is the full name of the table's module.

    The module is imported again under its full name, because a checkpoint is found by the full name of its function,
    which must not depend on how the program was started.
    """

    def main(arguments: Sequence[str]) -> None:
        parser = argparse.ArgumentParser(prog=f"python -m {module}", allow_abbrev=False)
        add_options(parser)
        options = parser.parse_args(arguments)
        run_tables([Request(module, options.preset, options.seeds, options.device, options.fresh)], options)

    console.leave(console.run(main, interrupted="Interrupted. What is finished is kept; the same command resumes."))
