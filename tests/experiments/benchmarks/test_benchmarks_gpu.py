"""What the GPU benchmark measures and how. The card is played by an actor: NumPy, and kernels that run on the host."""

import ctypes
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import experiments.benchmarks.__main__ as command_line
from experiments.benchmarks.cpu.sizes import Size
from experiments.benchmarks.gpu import checks, cublas, lines, ours, program, result, step_check, timing
from experiments.benchmarks.gpu.checking import from_bfloat16
from experiments.benchmarks.gpu.lines import FULL, QUICK, Sizes
from experiments.benchmarks.gpu.timing import Clock, take_turns
from minigrad.errors import DeviceError
from minigrad.kernels.gelu import cuda as gelu

TINY = Sizes(
    rows=3,
    width=5,
    square=6,
    length=7,
    heads=2,
    head_sizes=(4, 8),
    weights=11,
    gpt=Size(vocab_size=13, length=6, d_model=8, n_layers=1, n_heads=2, batch_size=2),
)
NEEDS_ML_DTYPES = "matmul, bf16"


# -- the list ---------------------------------------------------------------------------------------


def amounts(sizes, part=lines.kernels):
    """Bytes or operations of each line."""
    return {(line.task, line.shape): round(line.amount * 1e9) for line in part(sizes)}


def test_bytes_are_those_that_one_counts_by_hand():
    amount = amounts(TINY)
    assert amount["layer norm, forward", "3 × 5"] == 4 * (15 + 5 + 5 + 15 + 3 + 3)  # x, weight, bias; out, mean, rstd
    assert amount["layer norm, backward", "3 × 5"] == 4 * (15 + 15 + 5 + 3 + 3 + 15 + 5 + 5)
    assert amount["RMS norm, forward", "3 × 5"] == 4 * (15 + 5 + 15 + 3)
    assert amount["RMS norm, backward", "3 × 5"] == 4 * (15 + 15 + 5 + 3 + 15 + 5)
    assert amount["cross-entropy", "12 × 13"] == 4 * 12 * 13 + 8 * 12 + 12 + 4 * 12 + 4 * 12 * 13
    assert amount["GELU, forward", "12 × 32"] == 4 * 2 * 384
    assert amount["GELU, backward", "12 × 32"] == 4 * 3 * 384
    assert amount["bias, forward", "12 × 32"] == 4 * (384 + 32 + 384)
    assert amount["bias, backward", "12 × 32"] == 4 * (384 + 32)
    assert amount["embedding, backward", "12 of 13 × 8"] == 4 * 12 * 8 + 8 * 12 + 4 * 13 * 8
    assert amount["AdamW", "11 weights"] == 4 * (4 + 3) * 11
    assert amounts(TINY, lines.limits)["copy", "15 float32"] == 4 * (15 + 15)


def test_operations_are_those_that_one_counts_by_hand():
    amount = amounts(TINY)
    assert amount["matmul, TF32", "(12, 8) · (8, 32)"] == 2 * 12 * 8 * 32
    assert amount["matmul, float32, tiled", "6³"] == 2 * 6**3
    shape = "2 heads, T = 7, K = 4"
    assert amount["attention, float32, forward", shape] == 2 * 2 * 2 * 7 * 7 * 4
    assert amount["attention, float32, causal, forward", shape] == 2 * 2 * 2 * sum(range(1, 8)) * 4
    assert amount["attention, bf16, both passes", shape] == 7 * 2 * 2 * 7 * 7 * 4


@pytest.mark.parametrize("sizes", [FULL, QUICK])
def test_heads_of_all_sizes_have_as_much_to_do(sizes):
    amount = amounts(sizes)
    forward = {shape: n for (task, shape), n in amount.items() if task == "attention, bf16, forward"}
    assert len(forward) == 2
    assert len(set(forward.values())) == 1


def test_the_targets_stand_at_the_sizes_that_the_issue_names():
    held = {(line.task, line.shape): line.target for line in (*lines.kernels(FULL), *lines.steps(FULL)) if line.target}
    heads = "64 heads, T = 2,048, K = 64"
    assert {key: (target.other, round(target.at_least, 3)) for key, target in held.items()} == {
        ("layer norm, forward", "8,192 × 4,096"): ("copy", 0.85),
        ("layer norm, backward", "8,192 × 4,096"): ("copy", 0.85),
        ("attention, float32, both passes", heads): ("math", 1.0),
        ("attention, float32, causal, both passes", heads): ("math", 1.0),
        ("attention, bf16, both passes", heads): ("flash", 0.5),
        ("attention, bf16, causal, both passes", heads): ("flash", 0.5),
        ("matmul, float32, blocked", "4,096³"): ("cuBLAS", 0.7),
        ("matmul, TF32", "4,096³"): ("cuBLAS", 0.7),
        ("GPT step", "12 layers, width 768; 8 × 1,024 tokens"): ("PyTorch", 0.769),
    }


@pytest.mark.parametrize("sizes", [FULL, QUICK, TINY])
def test_every_line_has_its_own_name_a_limit_and_a_check_that_exists(sizes):
    every = [*lines.kernels(sizes), *lines.steps(sizes)]
    assert len({(line.task, line.shape) for line in every}) == len(every)
    assert {line.limit for line in every} - {""} == {line.task for line in lines.limits(sizes)}
    assert {check for line in every for check in line.checks} <= {*checks.NAMES, *step_check.NAMES}
    assert all(line.target.other in (*line.peers, "copy") for line in every if line.target)


def test_every_line_works(on_host):
    for line in lines.kernels(TINY):
        if line.task != NEEDS_ML_DTYPES:
            ours.kernel(line, lambda array: array)()


def test_numbers_repeat_after_a_million_and_not_before():
    array = ours.values(lambda array: array, 3, 2**19 + 1)
    assert array.shape == (3, 2**19 + 1)
    flat = array.reshape(-1)
    np.testing.assert_array_equal(flat[2**20 :], flat[: len(flat) - 2**20])
    assert len(np.unique(flat)) > 900_000
    assert ours.values(lambda array: array, 4, 5, precision="bf16").dtype == np.uint16


def test_our_training_step_trains(on_host):
    step = ours.training_step(TINY.gpt, "cpu")
    losses = [step() for _ in range(4)]
    assert losses[-1] < losses[0]


# -- time -------------------------------------------------------------------------------------------


class Card:
    """Stands in for the module cupy: its events note how long each work says that it took."""

    def __init__(self, log=None):
        card, self.now, self.log = self, 0.0, [] if log is None else log

        class Event:
            def record(self, stream):
                assert stream == "the default stream"
                self.time = card.now
                card.log.append("mark")

            def synchronize(self):
                card.log.append("wait")

        ballast = SimpleNamespace(max=lambda: self.log.append("flush"))
        self.zeros = lambda size, dtype: ballast
        self.asarray = lambda array: array
        self.get_default_memory_pool = lambda: SimpleNamespace(free_all_blocks=lambda: self.log.append("freed"))
        self.cuda = SimpleNamespace(
            Event=Event,
            Stream=SimpleNamespace(null="the default stream"),
            get_elapsed_time=lambda start, end: 1000 * (end.time - start.time),
        )

    def work(self, name, seconds, fails_at=None):
        def work():
            self.log.append(name)
            if self.log.count(name) == fails_at:
                raise RuntimeError("out of\nmemory")
            self.now += seconds

        return work


def test_a_call_stands_between_two_marks_and_after_a_flush():
    card = Card()
    assert Clock(card).seconds(card.work("ours", 0.25)) == 0.25
    assert card.log == ["flush", "mark", "ours", "mark", "wait"]
    card.log.clear()
    Clock(card, flush=False).seconds(card.work("ours", 0.25))
    assert card.log == ["mark", "ours", "mark", "wait"]


def test_contenders_warm_up_and_take_turns_every_other_round_backwards():
    card = Card()
    both = {"a": card.work("a", 0.2), "b": card.work("b", 0.1)}
    times = take_turns(Clock(card).seconds, both, runs=4)
    assert "".join(name for name in card.log if name in both) == "aaa" + "bbb" + "ab" + "ba" + "ab" + "ba"
    assert times["a"] == result.Times(4, 0.2, 0.2, 0.2)
    assert times["b"].median == 0.1
    assert timing.RUNS >= 20


def test_a_contender_that_fails_is_left_out_from_there_on():
    card = Card()
    both = {"a": card.work("a", 0.2), "b": card.work("b", 0.1, fails_at=5)}
    times = take_turns(Clock(card).seconds, both, runs=4)
    assert card.log.count("b") == 5
    assert times["b"] == result.Times(missing="RuntimeError: out of memory")
    assert times["a"].runs == 4


# -- the program ------------------------------------------------------------------------------------


class ActorsGPU(program.GPU):
    """An actor's card, without PyTorch; kernels and training steps run on the host."""

    device = "cpu"

    def __init__(self):
        self.cupy = Card()

    def card(self):
        return {
            "name": "Some card", "memory": "80 GiB", "compute capability": "9.0", "multiprocessors": 132,
            "L2 cache": "50 MiB", "CUDA": "13.0, the driver's 13.1", "python": "3.12.1",
            "versions": {"cupy-cuda13x": "14.0"}, "told by the driver": {"driver": "580.1"},
        }  # fmt: skip

    def copy(self, size):
        return self.cupy.work("copy", 0.5)

    def product(self, line):
        return self.cupy.work("cuBLAS", 0.5)

    def torch_missing(self):
        return "torch is not installed"


SMALL = program.Scale(
    sizes=replace(TINY, head_sizes=(4,)),
    checks=checks.CheckSizes(((2, 3),), ((3, 4, 2),), (), ((2, 3),), (5,), ((4, 3, 2),), ((1, 2, 2, 3),)),
    step=TINY.gpt,
    warm_up=0,
    runs=1,
)


@pytest.fixture
def card(monkeypatch, results, on_host):
    """Everything at sizes that take no time, on an actor's card."""
    monkeypatch.setattr(program, "GPU", ActorsGPU)
    monkeypatch.setattr(program, "scale_of", lambda quick: SMALL)
    return results / "benchmarks" / "gpu.json"


def test_everything_is_checked_measured_and_written(card, capsys):
    assert command_line.main(["gpu"]) == 0
    printed = capsys.readouterr()
    assert f"written to {card}" in printed.out
    assert "check: layer norm: agrees with the reference" in printed.err
    found = result.load(card)
    assert found.passed
    assert [check.name for check in found.checks] == [*checks.NAMES, *step_check.NAMES]
    assert [row.task for row in found.limits] == ["copy", "float32", "TF32", "bf16"]
    expected = lines.kernels(SMALL.sizes)
    assert [(row.task, row.shape) for row in found.kernels] == [(line.task, line.shape) for line in expected]
    for row in (*found.kernels, *found.steps):
        if row.task != NEEDS_ML_DTYPES:
            assert row.times["ours"].runs == 1, row
        assert row.times.keys() == {"ours", *row.peers}
    assert found.steps[0].times["torch.compile"].missing == "torch is not installed"
    assert found.kernels[-1].target is None


def test_what_fails_its_check_is_named_and_not_timed(card, capsys, monkeypatch):
    right = gelu.gelu_tanh_forward
    monkeypatch.setattr(gelu, "gelu_tanh_forward", lambda x: right(x) + np.float32(0.01))
    assert command_line.main(["gpu"]) == 1
    assert "GELU" in capsys.readouterr().out
    found = result.load(card)
    failed = [check for check in found.checks if check.failures]
    assert [check.name for check in failed] == ["GELU", "GPT step"]
    assert "forward through tanh, 5, float32: result 0 is off by" in failed[0].failures[0]
    why = {row.task: row.times["ours"].missing for row in (*found.kernels, *found.steps)}
    assert {task: missing for task, missing in why.items() if missing and task != NEEDS_ML_DTYPES} == {
        "GELU, forward": "GELU: its check failed",
        "GELU, backward": "GELU: its check failed",
        "GPT step": "GELU: its check failed; GPT step: its check failed",
    }


@pytest.mark.parametrize("reduced", [["--only", "checks"], ["--quick", "--only", "checks"]])
def test_a_part_is_not_written_over_the_whole(card, capsys, reduced):
    assert command_line.main(["gpu", *reduced]) == 0
    assert "not written, because of --only" in capsys.readouterr().out
    assert not card.exists()
    assert command_line.main(["gpu", *reduced, "--save"]) == 0
    assert json.loads(card.read_text(encoding="utf-8"))["kernels"] == []


def test_small_sizes_have_no_targets():
    assert any(line.target for line in lines.steps(QUICK))
    assert not any(line.target for line in program.without_targets(lines.steps(QUICK), quick=True))


def test_a_line_that_cannot_even_begin_does_not_stop_the_others():
    def works(line, gpu):
        raise MemoryError("no memory")

    row = program.measured(lines.kernels(TINY)[0], {}, ActorsGPU(), SMALL, works)
    assert row.times["ours"].missing == "MemoryError: no memory"


def test_without_a_gpu_one_line_says_what_is_missing(capsys, monkeypatch):
    def absent():
        raise DeviceError('device "cuda" needs an NVIDIA GPU and its driver')

    monkeypatch.setattr(program, "import_cupy", absent)
    assert command_line.main(["gpu"]) == 2
    assert capsys.readouterr().err == 'error: device "cuda" needs an NVIDIA GPU and its driver\n'


def test_a_part_that_does_not_exist_is_refused(capsys):
    assert command_line.main(["gpu", "--only", "kernels,memory"]) == 2
    assert "error: --only: expected some of checks,kernels,steps, got memory" in capsys.readouterr().err


# -- cuBLAS -----------------------------------------------------------------------------------------


def at(address, rows, columns, leading, number):
    """A matrix in memory as cuBLAS takes it: by columns, each `leading` elements after the one before."""
    kind = {cublas.FLOAT32: ctypes.c_float, cublas.BFLOAT16: ctypes.c_uint16}[number]
    values = np.ctypeslib.as_array((kind * (leading * columns)).from_address(address))
    return values.reshape(columns, leading)[:, :rows].T


def gemm(handle, turn_a, turn_b, m, n, k, one, a, kind_a, lda, b, kind_b, ldb, zero, c, kind_c, ldc, way, algorithm):
    """cuBLAS's function as its manual has it: C = A B, all by columns."""
    assert (handle, turn_a, turn_b, algorithm) == ("handle", "N", "N", -1)
    assert (at(one, 1, 1, 1, 0), at(zero, 1, 1, 1, 0)) == (1, 0)
    assert way == {"float32": 68, "TF32": 77, "bf16": 68}[gemm.precision]
    left, right = at(a, m, k, lda, kind_a), at(b, k, n, ldb, kind_b)
    if gemm.precision == "bf16":
        left, right = (from_bfloat16(np.ascontiguousarray(bits)) for bits in (left, right))
    at(c, m, n, ldc, kind_c)[...] = left @ right


@pytest.mark.parametrize("precision", ["float32", "TF32", "bf16"])
def test_cublas_is_asked_for_the_product_of_matrices_that_lie_by_rows(precision):
    class OnCard(np.ndarray):
        @property
        def data(self):
            return SimpleNamespace(ptr=self.ctypes.data)

    library = SimpleNamespace(gemmEx=gemm, CUBLAS_OP_N="N")
    device = SimpleNamespace(get_cublas_handle=lambda: "handle")
    cupy = SimpleNamespace(
        cuda=SimpleNamespace(cublas=library, device=device),
        empty=lambda shape, dtype: np.full(shape, np.nan, dtype).view(OnCard),
    )
    gemm.precision = precision
    a, b = (ours.values(lambda array: array, *shape, precision=precision) for shape in ((3, 4), (4, 5)))
    c = cublas.product(cupy, a.view(OnCard), b.view(OnCard), precision)()
    exact = from_bfloat16(a) @ from_bfloat16(b) if precision == "bf16" else a @ b
    np.testing.assert_allclose(c, exact, rtol=1e-5, atol=1e-6)
