"""The command line: `python -m experiments list | run NAME … | report`."""

import os

# Toy matrices are too small for a second BLAS thread to help, and threads that wait for each other lose much as
# soon as the machine does anything else. NumPy's BLAS reads these when it is loaded, so they come before it.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# ruff: noqa: E402
import argparse
import sys
from collections.abc import Sequence

from tokenizer import console


def main(arguments: Sequence[str]) -> None:
    """Do what the command line says."""
    from experiments.report import pages, write_report
    from experiments.running.script import add_options, run_tables
    from experiments.tables import catalogue

    top = argparse.ArgumentParser(
        prog="python -m experiments", description="The lecture's tables, rerun at toy scale.", allow_abbrev=False
    )
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the tables, their place in the lecture, and what they take")
    run = commands.add_parser("run", help="run tables; a killed run resumes", allow_abbrev=False)
    run.add_argument("names", nargs="*", metavar="NAME", help="tables (all, if none is named)")
    add_options(run)
    report = commands.add_parser("report", help="write one page from the results that are there")
    report.add_argument("--readme", action="store_true", help="write the README's tables from the full results")
    options = top.parse_args(arguments)

    if options.command == "list":
        list_tables()
    elif options.command == "run":
        run_tables(catalogue.requests(options.names, options.preset, options.seeds, options.device), options)
        print("To look at the results: python -m experiments report")
    else:
        print(pages.write() if options.readme else f"The report: {write_report()}")


def list_tables() -> None:
    """Print a few lines for each table."""
    from experiments.evidence.formatting import duration
    from experiments.running.contract import Request
    from experiments.tables import catalogue

    for entry in catalogue.built():
        table = Request(entry.module).table()
        print(f"{entry.name}: {table.TITLE}\n  lecture: {table.LECTURE}")
        for preset, settings in table.PRESETS.items():
            estimate = table.estimate(settings)
            print(f"  {preset}: about {duration(estimate.seconds)}, {estimate.megabytes:,.0f} MB of memory")


def again(arguments: Sequence[str]) -> str:
    """What to say after Ctrl-C."""
    command = " ".join(word for word in arguments if word != "--fresh")
    return f"Interrupted. What is finished is kept; to resume: python -m experiments {command}"


if __name__ == "__main__":
    sys.exit(console.run(main, interrupted=again(sys.argv[1:])))
