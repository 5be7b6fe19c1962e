"""The command line: `python -m experiments.benchmarks NAME`."""

import argparse
import importlib
import sys
from pathlib import Path

# Nothing heavy is imported at the top: a benchmark may start processes, and each imports this module.

BENCHMARKS = ("tokenizers",)


def main(arguments: list[str] | None = None) -> int:
    """Run a benchmark, print its table, write its result; the exit code."""
    from experiments.benchmarks.comparison import table, write

    parser = argparse.ArgumentParser(prog="python -m experiments.benchmarks", allow_abbrev=False)
    parser.add_argument("name", choices=BENCHMARKS)
    parser.add_argument("--rounds", type=int, default=7, help="how often each is run (default: 7)")
    parser.add_argument("--text", type=Path, help="a UTF-8 file, instead of the standard library's source")
    parser.add_argument(
        "--gigabytes", type=float, default=1.0, help="how much text memory is measured over (default: 1)"
    )
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.gigabytes <= 0:
        parser.error("--rounds and --gigabytes must be positive")
    benchmark = importlib.import_module(f"experiments.benchmarks.{options.name}")
    try:
        result = benchmark.run(options.rounds, options.text, options.gigabytes)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table(result))
    print(f"\nwritten to {write(result)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
