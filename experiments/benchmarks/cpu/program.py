"""What is measured, in which order: training steps, kernels, generation."""

import json
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from experiments.benchmarks.cpu import kernel_list
from experiments.benchmarks.cpu.generation_list import ALONE, TASKS, Task
from experiments.benchmarks.cpu.machine import machine
from experiments.benchmarks.cpu.sizes import DISPLAY, MODELS, REHEARSAL, SIZES, Size, tokens
from experiments.benchmarks.cpu.table import CPUBenchmark, Row
from experiments.benchmarks.cpu.workers import PAUSE, Contender, Outcome, Worker, running, take_turns
from experiments.evidence import formatting
from experiments.running import environment, places
from minigrad.files import write_text

GROUPS = ("steps", "kernels", "generation")
PEERS = ("PyTorch", "torch.compile")
ONE_CORE = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1"}


@dataclass(frozen=True)
class Scale:
    """At which sizes everything is measured, and how patiently.

    Attributes:
        sizes: of the training steps, by name; kernels have those of "L".
        tasks: of generation; `alone` is the one that is also compared with the limit of memory bandwidth.
        cores: the number of cores to use.
        turn: the least seconds of a turn.
        pause: the seconds between two turns.
    """

    sizes: Mapping[str, Size]
    tasks: Sequence[Task]
    alone: Task
    cores: int
    turn: float = 0.25
    pause: float = PAUSE


def full_scale() -> Scale:
    """The scale of a whole run on this machine."""
    return Scale(SIZES, TASKS, ALONE, environment.threads()["cores"])


def run(
    sizes: Sequence[str],
    models: Sequence[str],
    turns: int,
    groups: Sequence[str],
    peers: bool,
    before: Path | None = None,
) -> CPUBenchmark:
    """Measure.

    Args:
        turns: how many turns each contender of a training step has, each of one call or more. Kernels have half as
            many, and generation a third, because its calls are long.
        peers: whether PyTorch and transformers take part, if they are installed.
        before: another checkout of this project, whose training steps take part: it shows the cost of a change.

    Raises:
        ValueError: on an unknown name, or if `before` is not a checkout.
    """
    scale = full_scale()
    check_names("sizes", sizes, scale.sizes)
    check_names("models", models, MODELS)
    check_names("only", groups, GROUPS)
    if before is not None and not (before / "experiments" / "benchmarks").is_dir():
        raise ValueError(f"--before: expected another checkout of this project, got {before}")
    began = time.monotonic()
    say(f"this takes about {formatting.duration(estimate(len(sizes) * len(models), turns, groups, peers))}")
    python_threads = [1, scale.cores] if scale.cores > 1 else [1]
    benchmark = CPUBenchmark(machine(), turns, python_threads)
    if "steps" in groups:
        benchmark.steps = [
            training_step(model, size, scale, python_threads, turns, peers, before)
            for model in models
            for size in sizes
        ]
    if "kernels" in groups:
        benchmark.kernels = kernels(scale, max(turns // 2, 1), peers)
    if "generation" in groups:
        benchmark.generation = generation(scale, max(turns // 3, 1), peers)
    benchmark.wall_seconds = time.monotonic() - began
    return benchmark


def check_names(option: str, names: Sequence[str], known: Collection[str]) -> None:
    """Raise ValueError unless each of the names is known."""
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"--{option}: expected some of {','.join(known)}, got {','.join(unknown)}")


def estimate(n_steps: int, turns: int, groups: Sequence[str], peers: bool) -> float:
    """Seconds on two cores of an AMD EPYC: for starting and compiling, and for the turns."""
    seconds = {
        "steps": n_steps * ((40 if peers else 5) + turns * (4 if peers else 2)),
        "kernels": (10 if peers else 6) + turns / 2 * (10 if peers else 7),
        "generation": (40 if peers else 20) + turns / 3 * (15 if peers else 7),
    }
    return sum(seconds[group] for group in groups)


def write(benchmark: CPUBenchmark) -> Path:
    """Write every value as JSON, and return the file's path."""
    path = places.results_folder() / "benchmarks" / f"{benchmark.name}.json"
    write_text(path, json.dumps(benchmark.as_json(), indent=1, ensure_ascii=False) + "\n")
    return path


def training_step(
    model: str,
    size_name: str,
    scale: Scale,
    python_threads: Sequence[int],
    turns: int,
    peers: bool,
    before: Path | None = None,
) -> Row:
    """One model at one size: our step, its floor and PyTorch's step, in turns."""
    size, task = scale.sizes[size_name], f"{DISPLAY[model]} {size_name}"
    say(f"{task}: building{' and compiling' if peers else ''}")
    with running(step_contenders(model, size, python_threads, scale.cores, peers, before)) as (workers, left_out):
        if problem := left_out.pop("check", ""):  # a peer that computes something else is left out
            left_out |= dict.fromkeys(PEERS, problem)
        say(f"{task}: {turns} turns")
        taking_part = {name: worker for name, worker in workers.items() if name not in left_out and name != "check"}
        outcomes = take_turns(taking_part, left_out, "step", turns, scale.turn, pause=scale.pause)
        return Row(task, tokens(model, size), "tokens", outcomes)


def step_contenders(
    model: str, size: Size, python_threads: Sequence[int], cores: int, peers: bool, before: Path | None = None
) -> dict[str, Contender]:
    """Our step and its floor for each number of Python threads, PyTorch's steps, and the check that they agree."""
    missing = absent("torch", peers)

    def contender(prepare: str, **settings: object) -> Contender:
        of_peer = prepare not in ("floor:prepare", "models:prepare")
        return Contender(
            prepare,
            {"model": model, "size": size, **settings},
            {"model": model, "size": REHEARSAL, **settings},
            ONE_CORE if prepare == "floor:prepare" and settings["threads"] != 1 else {},
            missing if of_peer else "",
        )

    contenders = {}
    for threads in python_threads:
        contenders[f"floor, {threads}"] = contender("floor:prepare", threads=threads)
        contenders[f"ours, {threads}"] = contender("models:prepare", threads=threads)
        if before is not None:
            earlier = replace(contenders[f"ours, {threads}"], folder=before.resolve())
            contenders[f"before, {threads}"] = earlier
    for name in PEERS:
        contenders[name] = contender("torch_twins:prepare", threads=cores, compile=name == "torch.compile")
    return contenders | {"check": contender("agreement:prepare", threads=cores)}


def kernels(scale: Scale, turns: int, peers: bool) -> list[Row]:
    """Each kernel, fast and reference, compared with PyTorch's, on one core."""
    size = scale.sizes["L"]
    say("kernels: building")
    contenders = {
        "ours": Contender("kernels:prepare", {"size": size, "reference": False}, None, ONE_CORE),
        "NumPy": Contender("kernels:prepare", {"size": size, "reference": True}, None, ONE_CORE),
        "PyTorch": Contender("torch_kernels:prepare", {"size": size}, None, ONE_CORE, absent("torch", peers)),
    }
    rows = []
    with running(contenders) as (workers, left_out):
        for kernel in kernel_list.kernels(size):
            say(f"kernels: {kernel.name}")
            outcomes = take_turns(workers, left_out, kernel.name, turns, scale.turn / 5, pause=scale.pause)
            rows.append(Row(kernel.name, kernel.amount, kernel.unit, outcomes, kernel.shape))
    return rows


def generation(scale: Scale, turns: int, peers: bool) -> list[Row]:
    """Each task, compared with transformers; GPT-2 small also with the limit of memory bandwidth."""
    tasks = [*scale.tasks, scale.alone]
    missing = absent("torch", peers) or absent("transformers", peers)
    say("generation: building")
    with tempfile.TemporaryDirectory() as folder:
        arguments = {"tasks": tasks, "folder": folder}
        ours = {
            "ours": Contender("generation:prepare", arguments)
        }  # runs first, because it saves the models in the folder
        theirs = {
            "transformers": Contender(
                "transformers_generation:prepare", arguments | {"threads": scale.cores}, missing=missing
            ),
            "limit": Contender("floor:prepare_vectors", {"task": scale.alone}),
        }
        with running(ours) as (our_worker, ours_left_out), running(theirs) as (workers, left_out):
            return [written(task, scale, our_worker | workers, ours_left_out | left_out, turns) for task in tasks]


def written(task: Task, scale: Scale, workers: Mapping[str, Worker], left_out: Mapping[str, str], turns: int) -> Row:
    """One task, and how many rows of the batch are the same as transformers'."""
    say(f"generation: {task.name}")
    taking_part = {name: worker for name, worker in workers.items() if name != "limit" or task == scale.alone}
    outcomes = take_turns(taking_part, left_out, task.name, turns, scale.turn, untimed=0, pause=scale.pause)
    texts, theirs = outcomes["ours"].result, outcomes["transformers"].result
    same = ""
    if texts and theirs:
        n_same = sum(one == other for one, other in zip(texts, theirs, strict=True))
        same = f"{n_same} of {len(texts)}"
        if n_same == 0:  # a near tie may change a row, but not all of them
            outcomes["transformers"] = Outcome(missing="writes other texts")
    for outcome in outcomes.values():
        outcome.result = None  # texts are not stored
    return Row(task.name, task.size.batch_size * task.new_tokens, "tokens", outcomes, same)


def absent(package: str, peers: bool) -> str:
    """Why a peer does not take part; "" if it does."""
    if not peers:
        return "skipped"
    return "" if find_spec(package) else f"{package} is not installed"


def say(line: str) -> None:
    """Print the current step to standard error."""
    print(f"{line} …", file=sys.stderr, flush=True)
