"""What is done, in which order: the card's limits, the checks, the kernels, the training step."""

import gc
import math
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from experiments.benchmarks.cpu.sizes import Size
from experiments.benchmarks.gpu import checks, cublas, lines, ours, step_check
from experiments.benchmarks.gpu.card import card
from experiments.benchmarks.gpu.checking import brief
from experiments.benchmarks.gpu.lines import Line
from experiments.benchmarks.gpu.result import Check, GPUBenchmark, Row, Times
from experiments.benchmarks.gpu.table import FAILED
from experiments.benchmarks.gpu.timing import Clock, take_turns
from minigrad.device import cupy as import_cupy

PARTS = ("checks", "kernels", "steps")
DEVICE = "cuda"
Work = Callable[[], object]


def run(
    parts: Sequence[str],
    quick: bool,
    keep: Callable[[GPUBenchmark], object] = lambda benchmark: None,
    seconds: float = math.inf,
) -> GPUBenchmark:
    """Check and measure.

    Args:
        parts: some of PARTS. Without "checks" everything is timed as if it had passed.
        quick: small sizes, for which there are no targets.
        keep: called with what there is whenever something was added, so that a run that is cut off leaves that.
        seconds: after so many, what is left is not measured, and said not to have been.

    Raises:
        DeviceError: saying what is missing, without CuPy or a GPU.
        ValueError: on a part that does not exist.
    """
    check_names(parts, PARTS)
    cupy = import_cupy()
    began, sizes = time.monotonic(), lines.QUICK if quick else lines.FULL
    benchmark = GPUBenchmark(card(cupy))
    say(f"{benchmark.card['name']}; this takes about {'2' if quick else '8'} minutes, less when run again")

    def add(to: list[Any], one: Any) -> None:
        to.append(one)
        benchmark.wall_seconds = time.monotonic() - began
        keep(benchmark)

    if "checks" in parts:
        for check in run_checks(cupy):
            add(benchmark.checks, check)
    failed = {check.name: check.missing or FAILED for check in benchmark.checks if not check.passed}
    for part, to, every, works in (
        ("kernels", benchmark.limits, lines.limits(sizes), limit_works),
        ("kernels", benchmark.kernels, without_targets(lines.kernels(sizes), quick), kernel_works),
        ("steps", benchmark.steps, without_targets(lines.steps(sizes), quick), training_steps),
    ):
        for line in every if part in parts else ():
            if time.monotonic() - began > seconds:
                add(to, Row.of(line, {"ours": Times(missing=f"not measured: {seconds:.0f} s were over")}))
            else:
                add(to, measured(line, failed, cupy, works, flush=part == "kernels"))
    return benchmark


def check_names(names: Sequence[str], known: Collection[str]) -> None:
    """Raise ValueError unless each of the parts is known."""
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"--only: expected some of {','.join(known)}, got {','.join(unknown)}")


def run_checks(cupy: Any) -> Iterator[Check]:
    """Every kernel, and a step of each family; each is told as it is done."""
    for running in (checks.run(cupy.asarray), step_check.run(DEVICE)):
        for check in running:
            outcome = check.missing or "; ".join(check.failures) or "agrees with the reference"
            say(f"check: {check.name}: {outcome}")
            yield check


def without_targets(every: list[Line], quick: bool) -> list[Line]:
    """The lines; small sizes have no targets."""
    return [replace(line, target=None) for line in every] if quick else every


def measured(
    line: Line,
    failed: dict[str, str],
    cupy: Any,
    works: Callable[[Line, Any], dict[str, Work]],
    flush: bool = True,
) -> Row:
    """One line's contenders in turns; what failed its check is not timed."""
    say(f"{line.task}, {line.shape}")
    if reasons := [f"{name}: {failed[name]}" for name in line.checks if name in failed]:
        return Row.of(line, {"ours": Times(missing="; ".join(reasons))})
    try:
        contenders = works(line, cupy)
        times = take_turns(Clock(cupy, flush).seconds, contenders)
    except Exception as error:  # no memory, say; the other lines are measured all the same
        times = {"ours": Times(missing=brief(error))}
    finally:
        contenders = {}  # and with them their arrays
        free_memory(cupy)
    absent = torch_missing()
    return Row.of(
        line, times | {name: Times(missing=absent or "no result") for name in line.peers if name not in times}
    )


def limit_works(line: Line, cupy: Any) -> dict[str, Work]:
    """Copying, or a product by cuBLAS."""
    if line.kind == "copy":
        return {"ours": ours.copy(cupy, int(line.arguments["size"]))}
    return {"ours": cublas_work(line, cupy)}


def kernel_works(line: Line, cupy: Any) -> dict[str, Work]:
    """Ours; cuBLAS beside a product, PyTorch beside the rest."""
    works = {"ours": ours.kernel(line, cupy.asarray)}
    if "cuBLAS" in line.peers:
        works["cuBLAS"] = cublas_work(line, cupy)
    elif not torch_missing():
        from experiments.benchmarks.gpu import torch_peers

        works |= torch_peers.kernel(line, DEVICE)
    return works


def cublas_work(line: Line, cupy: Any) -> Work:
    """A line's product."""
    m, k, n = (int(line.arguments[letter]) for letter in "mkn")
    precision = str(line.arguments["precision"])
    a, b = (ours.values(cupy.asarray, *shape, precision=precision) for shape in ((m, k), (k, n)))
    return cublas.product(cupy, a, b, precision)


def training_steps(line: Line, cupy: Any) -> dict[str, Work]:
    """Ours and PyTorch's."""
    size = Size(**{name: int(number) for name, number in line.arguments.items()})
    works: dict[str, Work] = {"ours": ours.training_step(size, DEVICE)}
    if not torch_missing():
        from experiments.benchmarks.gpu import torch_peers

        works |= torch_peers.training_steps(size, DEVICE)
    return works


def torch_missing() -> str:
    """Why PyTorch does not take part; "" if it does."""
    if not find_spec("torch"):
        return "torch is not installed"
    from experiments.benchmarks.gpu import torch_peers

    return torch_peers.missing()


def free_memory(cupy: Any) -> None:
    """Both pools give back what nobody holds."""
    gc.collect()
    cupy.get_default_memory_pool().free_all_blocks()
    if not torch_missing():
        from experiments.benchmarks.gpu import torch_peers

        torch_peers.free_memory()


def say(line: str) -> None:
    """What is being done, to whoever waits."""
    print(f"{line} …", file=sys.stderr, flush=True)
