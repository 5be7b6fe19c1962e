"""What is done, and in which order: the checks, the card's limits, the kernels, the training step."""

import gc
import math
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from experiments.benchmarks.cpu.sizes import Size
from experiments.benchmarks.gpu import checks, cublas, lines, ours, step_check
from experiments.benchmarks.gpu.card import card
from experiments.benchmarks.gpu.checking import brief
from experiments.benchmarks.gpu.checks import CheckSizes
from experiments.benchmarks.gpu.lines import Line, Sizes
from experiments.benchmarks.gpu.result import Check, GPUBenchmark, Row, Times
from experiments.benchmarks.gpu.table import FAILED
from experiments.benchmarks.gpu.timing import RUNS, WARM_UP, Clock, take_turns
from minigrad.device import cupy as import_cupy

PARTS = ("checks", "kernels", "steps")
Work = Callable[[], object]


@dataclass(frozen=True)
class Scale:
    """At which sizes everything is checked and measured, and how often.

    Attributes:
        sizes: for the measurements.
        checks, step: for the checks of the kernels, and of a step of each family.
        warm_up, runs: the numbers of untimed and timed calls of each contender.
    """

    sizes: Sizes
    checks: CheckSizes = checks.FULL
    step: Size = step_check.SIZE
    warm_up: int = WARM_UP
    runs: int = RUNS


def scale_of(quick: bool) -> Scale:
    """The scale of a whole run, or of a smoke test."""
    return Scale(lines.QUICK if quick else lines.FULL)


class GPU:
    """The current GPU, and what is installed beside it: all that the benchmark asks of the machine.

    Raises:
        DeviceError: saying what is missing, without CuPy or a GPU.
    """

    device = "cuda"

    def __init__(self) -> None:
        self.cupy: Any = import_cupy()

    def card(self) -> dict[str, Any]:
        """What the times depend on."""
        return card(self.cupy)

    def copy(self, size: int) -> Work:
        """A copy on the card by the driver."""
        return ours.copy(self.cupy, size)

    def product(self, line: Line) -> Work:
        """A line's product by cuBLAS."""
        m, k, n = (int(line.arguments[letter]) for letter in "mkn")
        precision = str(line.arguments["precision"])
        a, b = (ours.values(self.cupy.asarray, *shape, precision=precision) for shape in ((m, k), (k, n)))
        return cublas.product(self.cupy, a, b, precision)

    def torch_missing(self) -> str:
        """Why PyTorch does not take part; "" if it does."""
        if not find_spec("torch"):
            return "torch is not installed"
        from experiments.benchmarks.gpu import torch_peers

        return torch_peers.missing()

    def free_memory(self) -> None:
        """Release the unused memory of both pools."""
        gc.collect()
        self.cupy.get_default_memory_pool().free_all_blocks()
        if not self.torch_missing():
            from experiments.benchmarks.gpu import torch_peers

            torch_peers.free_memory()


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
        keep: called with the benchmark after each addition, so that an interrupted run keeps what it has measured.
        seconds: the time limit; lines that are left then are marked as not measured.

    Raises:
        DeviceError: saying what is missing, without CuPy or a GPU.
        ValueError: on an unknown part.
    """
    check_names(parts, PARTS)
    gpu, scale = GPU(), scale_of(quick)
    began, sizes = time.monotonic(), scale.sizes
    benchmark = GPUBenchmark(gpu.card())
    say(f"{benchmark.card['name']}; this takes about {'2' if quick else '8'} minutes, less when run again")

    def add(to: list[Any], one: Any) -> None:
        to.append(one)
        benchmark.wall_seconds = time.monotonic() - began
        keep(benchmark)

    if "checks" in parts:
        for check in run_checks(gpu, scale):
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
                add(to, measured(line, failed, gpu, scale, works, flush=part == "kernels"))
    return benchmark


def check_names(names: Sequence[str], known: Collection[str]) -> None:
    """Raise ValueError unless all parts are known."""
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"--only: expected some of {','.join(known)}, got {','.join(unknown)}")


def run_checks(gpu: GPU, scale: Scale) -> Iterator[Check]:
    """Check every kernel, and a step of each family; print each outcome."""
    for running in (checks.run(gpu.cupy.asarray, scale.checks), step_check.run(gpu.device, scale.step)):
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
    gpu: GPU,
    scale: Scale,
    works: Callable[[Line, GPU], dict[str, Work]],
    flush: bool = True,
) -> Row:
    """One line's contenders in turns. A kernel that failed its check is not timed."""
    say(f"{line.task}, {line.shape}")
    if reasons := [f"{name}: {failed[name]}" for name in line.checks if name in failed]:
        return Row.of(line, {"ours": Times(missing="; ".join(reasons))})
    try:
        contenders = works(line, gpu)
        times = take_turns(Clock(gpu.cupy, flush).seconds, contenders, scale.runs, scale.warm_up)
    except Exception as error:  # out of memory, for example; the other lines are measured anyway
        times = {"ours": Times(missing=brief(error))}
    finally:
        contenders = {}  # frees their arrays
        gpu.free_memory()
    absent = gpu.torch_missing()
    return Row.of(
        line, times | {name: Times(missing=absent or "no result") for name in line.peers if name not in times}
    )


def limit_works(line: Line, gpu: GPU) -> dict[str, Work]:
    """Copying, or a product by cuBLAS."""
    if line.kind == "copy":
        return {"ours": gpu.copy(int(line.arguments["size"]))}
    return {"ours": gpu.product(line)}


def kernel_works(line: Line, gpu: GPU) -> dict[str, Work]:
    """Ours, with cuBLAS for a product, and PyTorch for the rest."""
    works = {"ours": ours.kernel(line, gpu.cupy.asarray)}
    if "cuBLAS" in line.peers:
        works["cuBLAS"] = gpu.product(line)
    elif not gpu.torch_missing():
        from experiments.benchmarks.gpu import torch_peers

        works |= torch_peers.kernel(line, gpu.device)
    return works


def training_steps(line: Line, gpu: GPU) -> dict[str, Work]:
    """Ours and PyTorch's."""
    size = Size(**{name: int(number) for name, number in line.arguments.items()})
    works: dict[str, Work] = {"ours": ours.training_step(size, gpu.device)}
    if not gpu.torch_missing():
        from experiments.benchmarks.gpu import torch_peers

        works |= torch_peers.training_steps(size, gpu.device)
    return works


def say(line: str) -> None:
    """Print the current step to standard error."""
    print(f"{line} …", file=sys.stderr, flush=True)
