"""The command line: `python -m experiments.benchmarks NAME`."""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# Heavy imports are inside functions: a benchmark may start processes, each of which imports this module.


def main(arguments: list[str] | None = None) -> int:
    """Run a benchmark, print its table, write its result, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments.benchmarks", allow_abbrev=False)
    names = parser.add_subparsers(dest="name", required=True)
    tokenizers = names.add_parser("tokenizers", help="training and encoding, beside tokenizers and tiktoken")
    tokenizers.add_argument("--rounds", type=int, default=7, help="how often each is run (default: 7)")
    tokenizers.add_argument("--text", type=Path, help="a UTF-8 file, instead of the standard library's source")
    tokenizers.add_argument(
        "--gigabytes", type=float, default=1.0, help="how much text memory is measured over (default: 1)"
    )
    cpu = names.add_parser("cpu", help="training steps, kernels and generation, beside PyTorch and the BLAS floor")
    cpu.add_argument("--sizes", default="S,M,L", help="of the training steps (default: S,M,L)")
    cpu.add_argument("--models", default="gpt,bert,t5", help="of the training steps (default: gpt,bert,t5)")
    cpu.add_argument("--steps", type=int, default=10, help="the least number of timed training steps (default: 10)")
    cpu.add_argument("--only", default="steps,kernels,generation", help="parts (default: steps,kernels,generation)")
    cpu.add_argument(
        "--before",
        type=Path,
        metavar="FOLDER",
        help="another checkout of this project, whose steps take turns with ours",
    )
    cpu.add_argument("--skip-peers", action="store_true", help="leave PyTorch and transformers out")
    cpu.add_argument("--save", action="store_true", help="write the result even if only a part was measured")
    gpu = names.add_parser("gpu", help="CUDA kernels and a training step, checked, then beside cuBLAS and PyTorch")
    gpu.add_argument("--only", default="checks,kernels,steps", help="parts (default: checks,kernels,steps)")
    gpu.add_argument("--seconds", type=float, default=math.inf, help="leave out what is not measured by then")
    gpu.add_argument("--quick", action="store_true", help="small sizes: a smoke test in a minute or two")
    gpu.add_argument("--save", action="store_true", help="write the result even if only a part was measured")
    options = parser.parse_args(arguments)
    if options.name == "tokenizers" and (options.rounds < 1 or options.gigabytes <= 0):
        tokenizers.error("--rounds and --gigabytes must be positive")
    if options.name == "cpu" and options.steps < 1:
        cpu.error("--steps must be positive")
    try:
        if options.name == "gpu":
            return run_gpu(options, gpu)
        return run_tokenizers(options) if options.name == "tokenizers" else run_cpu(options, cpu)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def run_tokenizers(options: argparse.Namespace) -> int:
    """Measure, print, write."""
    from experiments.benchmarks import tokenizers
    from experiments.benchmarks.comparison import table, write

    result = tokenizers.run(options.rounds, options.text, options.gigabytes)
    print(table(result))
    print(f"\nwritten to {write(result)}")
    return 0


def run_cpu(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Measure and print; write the result unless a part was left out."""
    from experiments.benchmarks.cpu import program, table

    sizes, models, parts = (value.split(",") for value in (options.sizes, options.models, options.only))
    result = program.run(sizes, models, options.steps, parts, not options.skip_peers, options.before)
    print(f"{table.text(result)}\n")
    write_unless_reduced(
        options, parser, ("sizes", "models", "steps", "only", "skip_peers", "before"), program.write, result
    )
    return 0


def run_gpu(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Check, measure and print; write the result on the way unless a part is left out. Returns 1 if a check failed."""
    from experiments.benchmarks.gpu import program, result, table
    from minigrad.errors import DeviceError

    whole = options.save or not reduced(options, parser, ("only", "quick"))
    keep = result.save if whole else (lambda benchmark: None)
    try:
        found = program.run(options.only.split(","), options.quick, keep, options.seconds)
    except DeviceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{table.text(found)}\n")
    write_unless_reduced(options, parser, ("only", "quick"), result.save, found)
    return 0 if found.passed else 1


def write_unless_reduced(
    options: argparse.Namespace,
    parser: argparse.ArgumentParser,
    names: Sequence[str],
    write: Callable[[Any], Path],
    result: Any,
) -> None:
    """Write the result, unless one of these options left a part out; --save writes it anyway."""
    given = reduced(options, parser, names)
    if given and not options.save:
        print(f"not written, because of {', '.join(given)}; --save writes it all the same")
    else:
        print(f"written to {write(result)}")


def reduced(options: argparse.Namespace, parser: argparse.ArgumentParser, names: Sequence[str]) -> list[str]:
    """The options among these that were given, and so leave a part out."""
    return [f"--{name.replace('_', '-')}" for name in names if getattr(options, name) != parser.get_default(name)]


if __name__ == "__main__":
    sys.exit(main())
