"""The command line: `python -m experiments list | run NAME … | report | world --show | zoo | download NAME`.

Exit codes: 0 on success; 1 if the reader of a pipe has closed it; 2 on an error; 130 after Ctrl-C.
"""

import os
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# One thread for each library that has threads of its own. The libraries read these variables when they are loaded, so
# they are set before any other import. Cells use the number of threads in their settings, whatever is set here
# (`experiments/running/work.py`); more threads would only take time from them while they wait for work.
for _variable in (
    "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS",
):  # fmt: skip
    os.environ[_variable] = "1"
os.environ["MPLBACKEND"] = "svg"  # figures are written as SVG, whatever backend the user prefers


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. Ctrl-C ends it cleanly, even during the imports."""
    words = sys.argv[1:] if arguments is None else arguments
    again = shlex.join(word for word in words if word != "--fresh")
    interrupted = f"Interrupted. What is finished is kept; to resume: python -m experiments {again}"
    try:
        from tokenizer.command.console import run

        return run(act, words, interrupted)
    except KeyboardInterrupt:  # before `run` handles it
        print(f"\n{interrupted}", file=sys.stderr)
        return 130


def act(arguments: Sequence[str]) -> None:
    """Run one command, or raise an error that says what is wrong with it. Slow imports are here."""
    from tokenizer.command.console import orderly

    with orderly():
        import argparse
        from pathlib import Path

        from experiments.report import pages, write_report
        from experiments.running.script import add_options, own_files, run_tables
        from experiments.tables import catalogue
        from tokenizer.command.arguments import as_text, whole

        about = "The lecture's tables, rerun at toy scale."
        top = argparse.ArgumentParser(prog="python -m experiments", description=about, allow_abbrev=False)
        commands = top.add_subparsers(dest="command", required=True)
        commands.add_parser("list", help="the tables, their place in the lecture, and what they take")
        run = commands.add_parser("run", help="run tables; a killed run resumes", allow_abbrev=False)
        run.add_argument("names", nargs="*", metavar="NAME", help="tables (all, if none is named)")
        add_options(run)
        page = commands.add_parser("report", help="write one page from the results that are there", allow_abbrev=False)
        page.add_argument(
            "--readme", action="store_true", help="write the tables of the README files, from full results"
        )
        world = commands.add_parser("world", help="the toy world that tables train on", allow_abbrev=False)
        world.add_argument(
            "--show", action="store_true", required=True, help="print samples of its texts, statistics, and its tasks"
        )
        world.add_argument("--seed", type=whole, default=0, metavar="N", help="which world (default: 0)")
        commands.add_parser("zoo", help="train the pretrained models of seed 0, and write them into models/toy/")
        corpus = commands.add_parser(
            "download", help="fetch a public corpus; without NAME: list them", allow_abbrev=False
        )
        corpus.add_argument("name", nargs="?", type=as_text, metavar="NAME", help="which corpus (default: list them)")
        corpus.add_argument(
            "--to", type=Path, default=Path(), metavar="FOLDER", help="where to put it (default: the current folder)"
        )
        options = top.parse_args(arguments)

        if options.command == "list":
            list_tables()
        elif options.command == "run":
            files = own_files(options)
            run_tables(
                catalogue.requests(options.names, options.preset, options.seeds, options.device, options.fresh, files),
                options,
            )
            if files is None:
                print("To look at the results: python -m experiments report")
        elif options.command == "world":
            show_world(options.seed)
        elif options.command == "zoo":
            install_zoo()
        elif options.command == "download":
            download(options.name, options.to)
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


def show_world(seed: int) -> None:
    """Print samples of a toy world, its statistics, and an item of each task."""
    from experiments.text.toy_world.show import show

    print(show(seed))


def install_zoo() -> None:
    """Write the pretrained models that come with the package, training those that are missing."""
    from experiments.lab.installing import install
    from experiments.running.contract import Request
    from experiments.running.work import Work

    for folder in install(Work(Request("experiments.tables.fill_in_the_blank", "full"))):
        print(folder)


def download(name: str | None, folder: "Path") -> None:
    """Fetch a corpus and say where it is, or list the corpora."""
    import zipfile

    from experiments.text import downloads

    if name is None:
        print(downloads.describe())
        return
    file = downloads.fetch(name, folder)
    print(f"{file}: complete")
    if zipfile.is_zipfile(file):
        print(f"To unpack it: python -m zipfile -e {file} {folder}")


if __name__ == "__main__":
    code = main()
    from tokenizer.command.console import leave

    leave(code)
