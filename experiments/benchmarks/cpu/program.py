"""What is measured, in which order: training steps, kernels, generation."""

import json
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from experiments import environment, folders, formatting
from experiments.benchmarks.cpu import generation_list, kernel_list
from experiments.benchmarks.cpu.generation_list import Task
from experiments.benchmarks.cpu.machine import machine
from experiments.benchmarks.cpu.sizes import DISPLAY, MODELS, REHEARSAL, SIZES, Size, tokens
from experiments.benchmarks.cpu.table import CPUBenchmark, Row
from experiments.benchmarks.cpu.workers import Contender, Outcome, Worker, running, take_turns
from minigrad.files import write_text

GROUPS = ("steps", "kernels", "generation")
PEERS = ("PyTorch", "torch.compile")
TURN = 0.25  # seconds that a turn takes at least
ONE_CORE = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1"}


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
        turns: how often each contender of a training step has its turn, one call or more; half as many
            for kernels, a third for generation, whose calls are long.
        peers: whether PyTorch and transformers take part, where they are installed.
        before: another checkout of this project, whose training steps take part: to see what a change costs.

    Raises:
        ValueError: on a name that does not exist, or if `before` is no checkout.
    """
    check_names("sizes", sizes, SIZES)
    check_names("models", models, MODELS)
    check_names("only", groups, GROUPS)
    if before is not None and not (before / "experiments" / "benchmarks").is_dir():
        raise ValueError(f"--before: expected another checkout of this project, got {before}")
    began = time.monotonic()
    say(f"this takes about {formatting.duration(estimate(len(sizes) * len(models), turns, groups, peers))}")
    cores = environment.threads()["cores"]
    python_threads = [1, cores] if cores > 1 else [1]
    benchmark = CPUBenchmark(machine(), turns, python_threads)
    if "steps" in groups:
        benchmark.steps = [
            training_step(model, size, python_threads, cores, turns, peers, before)
            for model in models
            for size in sizes
        ]
    if "kernels" in groups:
        benchmark.kernels = kernels(max(turns // 2, 1), peers)
    if "generation" in groups:
        benchmark.generation = generation(max(turns // 3, 1), cores, peers)
    benchmark.wall_seconds = time.monotonic() - began
    return benchmark


def check_names(option: str, names: Sequence[str], known: Collection[str]) -> None:
    """Raise ValueError unless each of the names is known."""
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"--{option}: expected some of {','.join(known)}, got {','.join(unknown)}")


def estimate(n_steps: int, turns: int, groups: Sequence[str], peers: bool) -> float:
    """Seconds, as on two cores of an AMD EPYC: what starting and compiling takes, and the turns."""
    seconds = {
        "steps": n_steps * ((40 if peers else 5) + turns * (4 if peers else 2)),
        "kernels": (10 if peers else 6) + turns / 2 * (10 if peers else 7),
        "generation": (40 if peers else 20) + turns / 3 * (15 if peers else 7),
    }
    return sum(seconds[group] for group in groups)


def write(benchmark: CPUBenchmark) -> Path:
    """Write every value as JSON; the file's path."""
    path = folders.results_folder() / "benchmarks" / f"{benchmark.name}.json"
    write_text(path, json.dumps(benchmark.as_json(), indent=1, ensure_ascii=False) + "\n")
    return path


def training_step(
    model: str,
    size_name: str,
    python_threads: Sequence[int],
    cores: int,
    turns: int,
    peers: bool,
    before: Path | None = None,
) -> Row:
    """One model at one size: our step, its floor and PyTorch's step, in turns."""
    size, task = SIZES[size_name], f"{DISPLAY[model]} {size_name}"
    say(f"{task}: building{' and compiling' if peers else ''}")
    with running(step_contenders(model, size, python_threads, cores, peers, before)) as (workers, left_out):
        if problem := left_out.pop("check", ""):  # what does not compute the same is no peer
            left_out |= dict.fromkeys(PEERS, problem)
        say(f"{task}: {turns} turns")
        taking_part = {name: worker for name, worker in workers.items() if name not in left_out and name != "check"}
        return Row(task, tokens(model, size), "tokens", take_turns(taking_part, left_out, "step", turns, TURN))


def step_contenders(
    model: str, size: Size, python_threads: Sequence[int], cores: int, peers: bool, before: Path | None = None
) -> dict[str, Contender]:
    """Our step and its floor for each number of Python threads, PyTorch's steps, and the check that they are alike."""
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


def kernels(turns: int, peers: bool) -> list[Row]:
    """Each kernel, fast and reference, beside PyTorch's, on one core."""
    size = SIZES["L"]
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
            outcomes = take_turns(workers, left_out, kernel.name, turns, TURN / 5)
            rows.append(Row(kernel.name, kernel.amount, kernel.unit, outcomes, kernel.shape))
    return rows


def generation(turns: int, cores: int, peers: bool) -> list[Row]:
    """Each text, beside transformers'; GPT-2 small's beside the limit that memory sets."""
    tasks = [*generation_list.TASKS, generation_list.ALONE]
    missing = absent("torch", peers) or absent("transformers", peers)
    say("generation: building")
    with tempfile.TemporaryDirectory() as folder:
        arguments = {"tasks": tasks, "folder": folder}
        ours = {"ours": Contender("generation:prepare", arguments)}  # leaves the models in the folder: comes first
        theirs = {
            "transformers": Contender(
                "transformers_generation:prepare", arguments | {"threads": cores}, missing=missing
            ),
            "limit": Contender("floor:prepare_vectors", {"task": generation_list.ALONE}),
        }
        with running(ours) as (our_worker, ours_left_out), running(theirs) as (workers, left_out):
            return [written(task, our_worker | workers, ours_left_out | left_out, turns) for task in tasks]


def written(task: Task, workers: Mapping[str, Worker], left_out: Mapping[str, str], turns: int) -> Row:
    """One text, and how many of the batch's rows are the same as transformers'."""
    say(f"generation: {task.name}")
    taking_part = {name: worker for name, worker in workers.items() if name != "limit" or task == generation_list.ALONE}
    outcomes = take_turns(taking_part, left_out, task.name, turns, TURN, untimed=0)
    texts, theirs = outcomes["ours"].result, outcomes["transformers"].result
    same = ""
    if texts and theirs:
        n_same = sum(one == other for one, other in zip(texts, theirs, strict=True))
        same = f"{n_same} of {len(texts)}"
        if n_same == 0:  # a near tie may part two texts, but not all
            outcomes["transformers"] = Outcome(missing="writes other texts")
    for outcome in outcomes.values():
        outcome.result = None  # the texts have done their work
    return Row(task.name, task.size.batch_size * task.new_tokens, "tokens", outcomes, same)


def absent(package: str, peers: bool) -> str:
    """Why a peer does not take part; empty if it does."""
    if not peers:
        return "skipped"
    return "" if find_spec(package) else f"{package} is not installed"


def say(line: str) -> None:
    """What is being done, to whoever waits."""
    print(f"{line} …", file=sys.stderr, flush=True)
