"""The command line: `python -m experiments list | run NAME … | report`."""

import os

# Toy matrices are too small for a second BLAS thread to help, and threads that wait for each other lose much as
# soon as the machine does anything else. NumPy's BLAS reads these when it is loaded, so they stand before it.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# ruff: noqa: E402
import argparse
import io
import sys

from experiments import results
from experiments.experiment import EXPERIMENTS, ExperimentError, choose_settings, load
from experiments.formatting import SYMBOLS, duration, effect, evidence, outcome
from experiments.jobs import run_together
from experiments.report import readme_tables, write_report
from experiments.runner import forget, run_experiment
from minigrad.device import cupy
from minigrad.errors import DeviceError


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a character shows "?" and goes on
    options = parser().parse_args(arguments)
    try:
        if options.command == "list":
            list_experiments()
        elif options.command == "run":
            run(options)
        else:
            report(options)
    except (ExperimentError, DeviceError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        words = sys.argv[1:] if arguments is None else arguments
        again = " ".join(word for word in words if word != "--fresh")
        print(f"\nInterrupted. What is finished is kept; to go on: python -m experiments {again}", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    about = "The lecture's tables, rerun at toy scale."
    top = argparse.ArgumentParser(prog="python -m experiments", description=about, allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the experiments, where they stand in the lecture, and what they take")
    run = commands.add_parser("run", help="run experiments; a killed run goes on where it was", allow_abbrev=False)
    run.add_argument("names", nargs="*", metavar="NAME", help="experiments (all, if none is named)")
    run.add_argument("--preset", default="quick", help="quick (one seed, the default) or full (3 seeds or more)")
    run.add_argument("--seeds", type=int, help="how many seeds, instead of the preset's number")
    run.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="where to compute (default: cpu)")
    run.add_argument("--jobs", type=int, default=1, metavar="N", help="how many experiments at once (default: 1)")
    run.add_argument("--fresh", action="store_true", help="forget the experiments' cells and all checkpoints first")
    page = commands.add_parser("report", help="write one page from the results that are there")
    page.add_argument("--readme", action="store_true", help="write the README's tables from the full results")
    return top


def list_experiments() -> None:
    """Print a few lines for each experiment."""
    for name in EXPERIMENTS:
        experiment = load(name)
        print(f"{name}: {experiment.TITLE}\n  lecture: {experiment.LECTURE}")
        for preset, settings in experiment.PRESETS.items():
            estimate = experiment.estimate(settings)
            print(f"  {preset}: about {duration(estimate.seconds)}, {estimate.megabytes:,.0f} MB of memory")


def run(options: argparse.Namespace) -> None:
    """Run the named experiments, one after the other, and print what became of the claims."""
    names = EXPERIMENTS if not options.names or "all" in options.names else options.names
    chosen = [load(name) for name in names]  # a wrong name or preset is noticed before work starts
    estimates = [one.estimate(choose_settings(one, options.preset, options.seeds)) for one in chosen]
    if options.device == "cuda":
        cupy()  # and so is a missing GPU
    if len(names) > 1:
        print(f"{len(names)} experiments, about {duration(sum(estimate.seconds for estimate in estimates))} in all\n")
    if options.fresh:
        forget(names, options.preset, options.device)
    if options.jobs != 1:
        chosen_options = ["--preset", options.preset, "--device", options.device]
        run_together(names, chosen_options + (["--seeds", str(options.seeds)] if options.seeds else []), options.jobs)
        return
    for name in names:
        path = run_experiment(name, options.preset, options.seeds, options.device)
        result = results.load(path)
        for claim in result.claims:
            print(f"  {SYMBOLS[outcome(claim)]} {outcome(claim)}: {claim.text}: {effect(claim)} ({evidence(claim)})")
        print(f"  took {duration(result.wall_seconds)}; result: {path}\n")
    print("To look at the results: python -m experiments report")


def report(options: argparse.Namespace) -> None:
    """Write the report page, or the README's tables."""
    print(readme_tables.write() if options.readme else f"The report: {write_report()}")


if __name__ == "__main__":
    sys.exit(main())
