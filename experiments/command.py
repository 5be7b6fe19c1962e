"""The commands of `python -m experiments`, and their options."""

import argparse
from collections.abc import Sequence

from experiments import results
from experiments.experiment import EXPERIMENTS, choose_settings, load
from experiments.folders import results_folder, work_folder
from experiments.formatting import SYMBOLS, duration, effect, evidence, outcome
from experiments.jobs import check_jobs, run_together
from experiments.report import readme_tables, write_report
from experiments.runner import forget, run_experiment
from minigrad.device import cupy
from tokenizer.arguments import whole


def act(arguments: Sequence[str]) -> None:
    """Do what the command line says, or raise what is wrong with it."""
    options = parser().parse_args(arguments)
    if options.command == "list":
        list_experiments()
    elif options.command == "run":
        run(options)
    else:
        report(options)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    about = "The lecture's tables, rerun at toy scale."
    top = argparse.ArgumentParser(prog="python -m experiments", description=about, allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the experiments, where they stand in the lecture, and what they take")
    run = commands.add_parser("run", help="run experiments; a killed run goes on where it was", allow_abbrev=False)
    run.add_argument("names", nargs="*", metavar="NAME", help="experiments (all, if none is named)")
    run.add_argument("--preset", default="quick", help="quick (one seed, the default) or full (3 seeds or more)")
    run.add_argument("--seeds", type=whole, metavar="N", help="how many seeds, instead of the preset's number")
    run.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="where to compute (default: cpu)")
    run.add_argument("--jobs", type=whole, default=1, metavar="N", help="how many experiments at once (default: 1)")
    run.add_argument("--fresh", action="store_true", help="forget the experiments' cells and all checkpoints first")
    page = commands.add_parser("report", help="write one page from the results that are there", allow_abbrev=False)
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
    """Run the named experiments, one after the other, and print what became of the claims.

    Everything that can be wrong with the options and the folders is found out before anything is touched.
    """
    chosen = {name: load(name) for name in options.names if name != "all"}  # by name: each is run once
    if "all" in options.names or not options.names:
        chosen = {name: load(name) for name in EXPERIMENTS}
    estimates = [one.estimate(choose_settings(one, options.preset, options.seeds)) for one in chosen.values()]
    check_jobs(options.jobs)
    for folder in (work_folder, results_folder):
        folder()  # an error if it cannot be written
    if options.device == "cuda":
        cupy()
    if len(chosen) > 1:
        print(f"{len(chosen)} experiments, about {duration(sum(each.seconds for each in estimates))} in all\n")
    if options.fresh:
        forget(chosen, options.preset, options.device)
    if options.jobs != 1:
        seeds = [] if options.seeds is None else ["--seeds", str(options.seeds)]
        same_options = ["--preset", options.preset, "--device", options.device, *seeds]
        run_together(list(chosen), same_options, options.jobs)
        return
    for name in chosen:
        path = run_experiment(name, options.preset, options.seeds, options.device)
        result = results.load(path)
        for claim in result.claims:
            print(f"  {SYMBOLS[outcome(claim)]} {outcome(claim)}: {claim.text}: {effect(claim)} ({evidence(claim)})")
        print(f"  took {duration(result.wall_seconds)}; result: {path}\n")
    print("To look at the results: python -m experiments report")


def report(options: argparse.Namespace) -> None:
    """Write the report page, or the README's tables."""
    print(readme_tables.write() if options.readme else f"The report: {write_report()}")
