"""What the CPU benchmark measures, and how contenders take turns. PyTorch's side is in tests/parity."""

import mmap
import os
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace

import numpy as np
import pytest

from experiments.benchmarks.cpu import (
    floor,
    kernel_list,
    kernels,
    memory,
    models,
    sizes,
)
from experiments.benchmarks.cpu.generation_list import Task
from experiments.benchmarks.cpu.sizes import MODELS, REHEARSAL, SIZES, Size
from experiments.benchmarks.cpu.workers import Contender, Outcome, running, take_turns
from minigrad import use_kernels
from minigrad.kernels.matmul import cpu as matmul_kernel

ODD = Size(vocab_size=23, length=13, d_model=12, n_layers=2, n_heads=3, batch_size=5)  # no two lengths alike

# -- what is measured -------------------------------------------------------------------------------


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> Counter:
    """How often NumPy multiplies matrices of which shapes, from here on."""
    counted: Counter = Counter()
    matmul = np.matmul

    def counting(a, b, *args, **kwargs):
        counted[a.shape, b.shape] += 1
        return matmul(a, b, *args, **kwargs)

    monkeypatch.setattr(np, "matmul", counting)
    monkeypatch.setattr(matmul_kernel, "FEW_ROWS", 0)  # products of few rows, too, are NumPy's then
    return counted


@pytest.mark.parametrize("model", MODELS)
def test_the_floor_has_exactly_the_products_of_a_training_step(model, products):
    models.our_step(model, ODD)()
    assert products == Counter(product for layer in floor.layers(model, ODD) for product in layer.products())


@pytest.mark.parametrize("model", MODELS)
def test_the_floor_computes_what_it_lists(model, products):
    step = floor.prepare(model, asdict(ODD))["step"]
    step()
    step()
    listed = Counter(product for layer in floor.layers(model, ODD) for product in layer.products())
    assert products == listed + listed


@pytest.mark.parametrize(
    "layer", [floor.Linear(3, 4, 4), floor.Attention(2, 3, 4, 4, 4), floor.Attention(2, 3, 5, 7, 4)]
)
def test_the_floors_products_go_into_arrays_that_are_there(layer):
    for (a, b), (left, right, out) in zip(layer.products(), layer.operands(floor.Arrays()), strict=True):
        assert (left.shape, right.shape) == (a, b)
        assert not np.shares_memory(left, out)  # NumPy would make a copy
        assert not np.shares_memory(right, out)
        expected = left @ right
        np.matmul(left, right, out=out)
        np.testing.assert_array_equal(out, expected)


def test_gradients_of_activations_share_an_array_and_nothing_else_does():
    arrays = floor.Arrays()
    one, other = floor.Linear(3, 4, 5).operands(arrays), floor.Linear(3, 4, 5).operands(arrays)
    shared = [
        np.shares_memory(a, b)
        for first, second in zip(one, other, strict=True)
        for a, b in zip(first, second, strict=True)
    ]
    #                 x      W      y      grad_y W     grad_x  grad_y x     grad_W
    assert shared == [False, False, False, True, False, True, True, False, False]


@pytest.mark.filterwarnings("error")
def test_the_floors_numbers_do_not_grow_from_step_to_step():
    step = floor.prepare("t5", asdict(ODD))["step"]
    for _ in range(100):
        step()


def test_python_threads_share_the_floors_batch(products):
    floor.prepare("gpt", asdict(ODD), threads=2)["step"]()
    parts = [replace(ODD, batch_size=3), replace(ODD, batch_size=2)]
    listed = [product for part in parts for layer in floor.layers("gpt", part) for product in layer.products()]
    assert products == Counter(listed)


def test_the_limit_of_writing_reads_each_weight_once_for_each_token(products):
    task = Task("gpt", ODD, prompt=2, new_tokens=3)
    floor.prepare_vectors(asdict(task))[task.name]()
    read = sum(count * np.prod(weight) for (weight, _), count in products.items())
    matrices = [
        p.size for name, p in models.build("gpt", ODD).named_parameters() if p.ndim == 2 and "position" not in name
    ]
    assert read == 3 * sum(matrices)


@pytest.mark.parametrize("model", MODELS)
def test_a_batch_has_its_rows_first_and_every_label_carries_loss(model):
    arrays = sizes.batch(model, ODD)
    assert {len(array) for array in arrays.values()} == {5}
    assert arrays["labels"].min() >= 0
    assert {"gpt": (5, 13), "bert": (5, 2), "t5": (5, 3)}[model] == arrays["labels"].shape
    read = arrays["ids"].size + (arrays["decoder_ids"].size if model == "t5" else 0)
    assert sizes.tokens(model, ODD) == read


def test_bert_never_hides_a_token_twice():
    positions = sizes.batch("bert", replace(ODD, length=64))["masked_positions"]
    assert positions.shape == (5, 10)
    assert all(len(set(row)) == 10 for row in positions.tolist())


@pytest.mark.parametrize("model", MODELS)
def test_our_step_trains(model):
    step = models.our_step(model, ODD)
    losses = [step() for _ in range(20)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("model", MODELS)
def test_python_threads_take_the_same_steps(model):
    alone, shared = models.our_step(model, ODD), models.our_step(model, ODD, threads=2)
    np.testing.assert_allclose([shared() for _ in range(5)], [alone() for _ in range(5)], rtol=1e-5)


def test_the_sizes_are_those_of_the_issue():
    assert [(s.d_model, s.n_layers) for s in SIZES.values()] == [(64, 2), (128, 4), (256, 4)]
    assert (SIZES["L"].vocab_size, SIZES["L"].length) == (4096, 128)
    assert kernel_list.parameters(SIZES["M"]) == models.build("gpt", SIZES["M"]).num_parameters()


@pytest.mark.parametrize("reference", [False, True])
def test_every_kernel_of_the_list_is_there_and_works(reference):
    with use_kernels("fast"):  # what `prepare` chooses is for a process of its own
        works = kernels.prepare(asdict(REHEARSAL), reference)
        assert list(works) == [kernel.name for kernel in kernel_list.kernels(REHEARSAL)]
        for work in works.values():
            work()


# -- processes that take turns ----------------------------------------------------------------------


class FakeWorker:
    """Keeps a log of the turns; every call takes a second longer than the one before."""

    def __init__(self, name, log, fails_at=None):
        self.name, self.log, self.fails_at, self.about = name, log, fails_at, {}

    def turn(self, work, seconds, untimed):
        self.log.append(self.name)
        number = self.log.count(self.name)
        if number == self.fails_at:
            raise RuntimeError("out of luck")
        return {"seconds": [number], "result": number, "peak_mb": 10.0 * number}


def test_workers_take_turns_and_every_other_round_goes_backwards():
    log: list[str] = []
    both = {name: FakeWorker(name, log) for name in ("one", "two")}
    outcomes = take_turns(both, {"three": "not installed"}, "step", turns=3, seconds=0, pause=0)
    assert log == ["one", "two", "two", "one", "one", "two"]
    assert outcomes["one"] == Outcome([1, 2, 3], 30.0, result=3)
    assert outcomes["three"] == Outcome(missing="not installed")


def test_a_worker_that_fails_is_left_out_from_there_on():
    log: list[str] = []
    both = {"one": FakeWorker("one", log), "two": FakeWorker("two", log, fails_at=2)}
    outcomes = take_turns(both, {}, "step", turns=4, seconds=0, pause=0)
    assert log.count("one") == 4
    assert log.count("two") == 2
    assert outcomes["two"].missing == "out of luck"


def test_a_process_builds_works_and_ends_with_the_block():
    arguments = {"model": "gpt", "size": ODD, "threads": 1}
    contenders = {
        "floor": Contender("floor:prepare", arguments, arguments | {"size": REHEARSAL}),
        "wrong": Contender("floor:prepare", arguments | {"model": "elmo"}),
        "nothing": Contender("floor:no_such_function"),
        "absent": Contender("floor:prepare", missing="not installed"),
    }
    with running(contenders) as (ready, missing):
        process = ready["floor"].process
        outcomes = take_turns(ready, missing, "step", turns=2, seconds=0.0)
        unknown = take_turns(ready, missing, "no such work", turns=1, seconds=0.0)
    assert list(ready) == ["floor"]
    assert len(outcomes["floor"].seconds) == 2
    assert all(0 < seconds < 10 for seconds in outcomes["floor"].seconds)
    assert outcomes["wrong"].missing == "KeyError: 'elmo'"
    assert outcomes["nothing"].missing.startswith("AttributeError: ")
    assert outcomes["absent"].missing == "not installed"
    assert unknown["floor"].missing == "KeyError: 'no such work'"
    assert process.poll() is not None


def test_what_a_library_prints_does_not_get_among_the_answers(capfd):
    printing = Contender("worker:answer", {"answers": None, "value": {"error": "only printed"}})
    with running({"loud": printing}) as (_, missing):
        pass
    assert missing["loud"].startswith("AttributeError: ")  # what it answered: None are no works
    assert "only printed" in capfd.readouterr().err


def test_memory_counts_what_is_held_and_forgets_the_peak():
    if not memory.STATUS.exists():
        pytest.skip("this system tells only the peak")
    before = memory.resident()
    ballast = mmap.mmap(-1, 200_000_000)  # unlike an array's, its memory goes back for sure
    ballast.write(bytes(200_000_000))
    assert memory.resident() - before > 150_000_000
    high = memory.peak_memory()
    ballast.close()
    memory.forget_peak()
    if os.access(memory.CLEAR, os.W_OK):
        assert high - memory.peak_memory() > 150_000_000


def test_the_floor_imports_neither_minigrad_nor_pytorch():
    """What they set for a process would be set for the floor too."""
    code = "import sys, experiments.benchmarks.cpu.worker, experiments.benchmarks.cpu.floor; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "experiments.benchmarks.cpu.floor" in modules
    assert not {"minigrad", "numba", "torch"} & set(modules)
